import {
  MODEL_SETTINGS_DEFAULTS,
  type AgentEntry,
  type ConfigDocument,
  type McpServerEntry,
  type ModelPrice,
  type ModelSettings,
} from '@behavry/contracts';
import { costOf, digestOf, ModelRules, type UsedTokens } from '@behavry/domain';
import { Scan, type ScanSettings } from '../../scan/scan';

/** A configuration document with its look-ups and its compiled scan. */
export class ConfigView {
  readonly #agents: ReadonlyMap<string, AgentEntry>;
  readonly #servers: ReadonlyMap<string, McpServerEntry>;
  #agentsByClient: ReadonlyMap<string, AgentEntry> | undefined;
  readonly #serverDigests = new Map<string, string>();
  readonly #models: ModelRules;
  readonly scan: Scan;
  /** With defaults for what the document does not say. */
  readonly models: ModelSettings;

  /** @param before the view before it, whose scan is kept when the patterns are the same */
  constructor(
    readonly document: ConfigDocument,
    readonly injection: ScanSettings['injection'] = 'enforce',
    before?: ConfigView,
  ) {
    this.#agents = new Map(document.agents.map((agent) => [agent.id, agent]));
    this.#servers = new Map(document.mcp_servers.map((server) => [server.id, server]));
    this.models = { ...MODEL_SETTINGS_DEFAULTS, ...document.model_settings };
    this.#models = new ModelRules(this.models);
    const isUnchanged =
      before?.injection === injection &&
      JSON.stringify(before.document.dlp_patterns) === JSON.stringify(document.dlp_patterns);
    this.scan = isUnchanged ? before.scan : Scan.of(document.dlp_patterns, { injection });
  }

  agent(id: string): AgentEntry | undefined {
    return this.#agents.get(id);
  }

  /** @returns the agent with that client id */
  agentOfClient(clientId: string): AgentEntry | undefined {
    this.#agentsByClient ??= new Map(this.document.agents.map((agent) => [agent.client_id, agent]));
    return this.#agentsByClient.get(clientId);
  }

  server(id: string): McpServerEntry | undefined {
    return this.#servers.get(id);
  }

  /** @returns digest of a server's registration: an approval of a call does not outlive a change of it */
  serverDigest(id: string): string {
    const server = this.#servers.get(id);
    if (!server) return '';
    let digest = this.#serverDigests.get(id);
    if (digest === undefined) this.#serverDigests.set(id, (digest = digestOf(server)));
    return digest;
  }

  /** @param provider kind of the provider: `openai`, `anthropic`, `gemini` or `ollama` */
  model(provider: string, model: string): 'allowed' | 'denied' {
    return this.#models.verdictOn(provider, model);
  }

  /** @returns the tenant's price of a model, else its list price; undefined when nobody knows it */
  priceOf(provider: string, model: string): ModelPrice | undefined {
    return this.#models.priceOf(provider, model);
  }

  /** @returns what a use of a model costs, in micro-USD; undefined when nobody knows its price */
  costOf(provider: string, model: string, tokens: UsedTokens): number | undefined {
    return costOf(this.priceOf(provider, model), tokens);
  }
}
