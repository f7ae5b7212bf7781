import type { AgentEntry, ConfigDocument, McpServerEntry } from '@behavry/contracts';
import { digestOf } from '@behavry/domain';
import { Scan, type ScanSettings } from '../../scan/scan';

/** A configuration document with its look-ups and its compiled scan. */
export class ConfigView {
  readonly #agents: ReadonlyMap<string, AgentEntry>;
  readonly #servers: ReadonlyMap<string, McpServerEntry>;
  #agentsByClient: ReadonlyMap<string, AgentEntry> | undefined;
  readonly #serverDigests = new Map<string, string>();
  readonly scan: Scan;

  /** @param before the view before it, whose scan is kept when the patterns are the same */
  constructor(
    readonly document: ConfigDocument,
    readonly injection: ScanSettings['injection'] = 'enforce',
    before?: ConfigView,
  ) {
    this.#agents = new Map(document.agents.map((agent) => [agent.id, agent]));
    this.#servers = new Map(document.mcp_servers.map((server) => [server.id, server]));
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
}
