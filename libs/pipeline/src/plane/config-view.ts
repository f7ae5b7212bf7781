import type { AgentEntry, ConfigDocument, McpServerEntry } from '@behavry/contracts';
import {
  DlpPatternError,
  PatternSet,
  compilePattern,
  tenantPatterns,
  type DlpPattern,
} from '@behavry/domain';

/** A configuration document with its look-ups and its compiled patterns. */
export class ConfigView {
  readonly #agents: ReadonlyMap<string, AgentEntry>;
  readonly #servers: ReadonlyMap<string, McpServerEntry>;
  readonly patterns: PatternSet;
  /** Patterns that cannot be used here; the control plane refuses such, so each is an alarm. */
  readonly faults: readonly DlpPatternError[];

  /** @param before the view before it, whose compiled patterns are kept when the entries are the same */
  constructor(
    readonly document: ConfigDocument,
    before?: ConfigView,
  ) {
    this.#agents = new Map(document.agents.map((agent) => [agent.id, agent]));
    this.#servers = new Map(document.mcp_servers.map((server) => [server.id, server]));
    const isUnchanged =
      before !== undefined &&
      JSON.stringify(before.document.dlp_patterns) === JSON.stringify(document.dlp_patterns);
    if (isUnchanged) {
      this.patterns = before.patterns;
      this.faults = before.faults;
      return;
    }
    const faults: DlpPatternError[] = [];
    this.patterns = new PatternSet(
      tenantPatterns(document.dlp_patterns).filter((pattern) => isUsable(pattern, faults)),
    );
    this.faults = faults;
  }

  agent(id: string): AgentEntry | undefined {
    return this.#agents.get(id);
  }

  server(id: string): McpServerEntry | undefined {
    return this.#servers.get(id);
  }
}

function isUsable(pattern: DlpPattern, faults: DlpPatternError[]): boolean {
  try {
    compilePattern(pattern);
    return true;
  } catch (error) {
    if (!(error instanceof DlpPatternError)) throw error;
    faults.push(error);
    return false;
  }
}
