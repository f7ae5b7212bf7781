import type { ClaimRequest } from '@behavry/contracts';
import { canonicalJson, sha256HexOf } from '@behavry/domain';

/**
 * What makes a held call this exact one (semantics: escalations): who, where, what, with which arguments,
 * and which policy asked. The session is not part of it: a retry may come with a new token.
 * @returns hex SHA-256
 */
export function claimKeyOf(request: ClaimRequest): string {
  return sha256HexOf(
    canonicalJson({
      agent: request.agent_id,
      kind: request.kind,
      server: request.server,
      tool: request.tool,
      arguments: request.arguments_digest,
      policy: request.policy,
    }),
  );
}
