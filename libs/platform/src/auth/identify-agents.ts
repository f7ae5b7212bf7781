import type { TokenVerifier } from './token-verifier';
import { AGENT_AUDIENCE } from './verified-token';

/** What an agent's token says about its bearer. */
export interface AgentIdentity {
  readonly agentId: string;
  readonly sessionId: string;
  readonly tenantId: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** Milliseconds since the Unix epoch; the agent's `tokens_not_before` ends what is older, see `isEnded`. */
  readonly issuedAt: number;
}

/** Tells agents, and nobody else, by their tokens: what the guarded exchange asks of a plane. */
export function identifyAgents(verifier: TokenVerifier): {
  readonly identify: (token: string) => AgentIdentity | undefined;
} {
  return {
    identify: (token) => {
      const result = verifier.verify(token, AGENT_AUDIENCE);
      if (!result.ok) return undefined;
      const { subject, sessionId, tenantId, roles, permissions, issuedAt } = result.token;
      return { agentId: subject, sessionId, tenantId, roles, permissions, issuedAt };
    },
  };
}
