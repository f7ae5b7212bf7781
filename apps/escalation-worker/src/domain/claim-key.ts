import type { ClaimRequest } from '@behavry/contracts';
import { canonicalJson, sha256HexOf } from '@behavry/domain';

/**
 * What makes a held call this exact one (semantics: escalations): who, where, what, with which arguments, under which
 * registration of the server, and which version of which policy asked. The session is not part of it: a retry may come
 * with a new token.
 * @returns hex SHA-256
 */
export function claimKeyOf(request: ClaimRequest): string {
  return sha256HexOf(
    canonicalJson({
      tenant: request.tenant_id,
      agent: request.agent_id,
      kind: request.kind,
      server: request.server,
      server_digest: request.server_digest,
      tool: request.tool,
      arguments: request.arguments_digest,
      policy: request.policy,
      policy_id: request.policy_id,
      policy_version: request.policy_version,
    }),
  );
}
