import { killSwitchFor } from '@behavry/domain';
import type { PlaneView } from '../ports/ports';
import type { Exchange } from './exchange';
import type { StopReason } from './refusal';

/** The exchanges that are under way, so that a kill switch or a revocation ends them at once. */
export class OpenExchanges {
  readonly #open = new Set<Exchange>();

  get size(): number {
    return this.#open.size;
  }

  add(exchange: Exchange): void {
    this.#open.add(exchange);
  }

  delete(exchange: Exchange): void {
    this.#open.delete(exchange);
  }

  /** Stops what the plane's state no longer allows. Call it on every change of configuration or revocations. */
  review(plane: PlaneView): void {
    for (const exchange of this.#open) {
      // One that is not admitted yet may wait for the document that knows its agent, and is asked all of this then.
      const reason = exchange.agent && stopReasonOf(exchange, plane);
      if (reason) exchange.stop(reason);
    }
  }

  /** Ends what would stay open by itself; calls may still finish. The first step of a shutdown. */
  stopListeners(): void {
    for (const exchange of this.#open) {
      if (exchange.call?.handling === 'silent') exchange.stop('client_aborted');
    }
  }

  /** Stops everything: the process is about to end. */
  stopAll(): void {
    for (const exchange of this.#open) exchange.stop('client_aborted');
  }
}

/** @returns why an exchange of a known agent must not go on, or undefined */
export function stopReasonOf(exchange: Exchange, plane: PlaneView): StopReason | undefined {
  const { identity } = exchange;
  const { config } = plane;
  if (!identity || !config) return undefined;
  if (plane.hasSessionEnded(identity.sessionId)) return 'session_revoked';
  const agent = config.agent(identity.agentId);
  if (!agent || agent.status === 'deprovisioned') return 'agent_unknown';
  if (agent.status === 'suspended') return 'agent_suspended';
  if (isFromBefore(identity.issuedAt, agent.tokens_not_before)) return 'session_revoked';
  const target = {
    tenantId: identity.tenantId,
    agentId: identity.agentId,
    serverId: exchange.serverId,
    toolName: exchange.call?.toolName ?? '',
    model: exchange.model,
  };
  return config.document.suspended || killSwitchFor(config.document.kill_switches, target)
    ? 'kill_switch'
    : undefined;
}

/** Whether a token is older than what ended its agent's tokens. Tokens count whole seconds, so the same one is older. */
function isFromBefore(issuedAt: number, notBefore: string | null): boolean {
  return notBefore !== null && issuedAt < Date.parse(notBefore);
}
