import type { KillSwitch } from '@behavry/contracts';

/** What an exchange concerns, as far as it is known. */
export interface KillTarget {
  readonly tenantId: string;
  readonly agentId: string;
  /** MCP server id; empty when there is none. */
  readonly serverId: string;
  /** Tool name as the server calls it; empty when it is not known yet. */
  readonly toolName: string;
  /** Model name as the provider calls it; empty when no model is asked. */
  readonly model: string;
}

/**
 * The first kill switch that stops an exchange (semantics: kill switch).
 * A tool switch names `server/tool`, or a bare tool of any server.
 */
export function killSwitchFor(switches: readonly KillSwitch[], target: KillTarget): KillSwitch | undefined {
  return switches.find((killSwitch) => isStopped(killSwitch, target));
}

function isStopped(killSwitch: KillSwitch, target: KillTarget): boolean {
  switch (killSwitch.scope) {
    case 'tenant':
      return killSwitch.target === target.tenantId || killSwitch.target === '*';
    case 'agent':
      return killSwitch.target === target.agentId;
    case 'mcp_server':
      return target.serverId !== '' && killSwitch.target === target.serverId;
    case 'tool':
      return (
        target.toolName !== '' &&
        (killSwitch.target === target.toolName ||
          killSwitch.target === `${target.serverId}/${target.toolName}`)
      );
    case 'model':
      return target.model !== '' && killSwitch.target === target.model;
  }
}
