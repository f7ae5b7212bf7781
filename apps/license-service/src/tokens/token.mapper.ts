import type { DataPlaneToken } from '@behavry/db-control';
import { fleetState } from '../domain/fleet-state';
import type { IssuedTokenResponse, TokenView } from './token.dto';

export function issuedToken(token: DataPlaneToken, plain: string): IssuedTokenResponse {
  return { ...contractFields(token), token: plain };
}

/** @param intervalMs the usual time between heartbeats */
export function tokenView(token: DataPlaneToken, now: number, intervalMs: number): TokenView {
  return {
    ...contractFields(token),
    prefix: token.prefix,
    state: stateOf(token, now, intervalMs),
    active_agent_count: token.activeAgentCount,
    opa_bundle_version: token.opaBundleVersion,
    last_heartbeat_at: token.lastHeartbeatAt?.toISOString() ?? null,
  };
}

function contractFields(token: DataPlaneToken): Omit<IssuedTokenResponse, 'token'> {
  return {
    id: token.id,
    label: token.label,
    tenant_id: token.tenantId,
    deployment_id: token.deploymentId,
    region: token.region,
    created_at: token.createdAt.toISOString(),
    expires_at: token.expiresAt?.toISOString() ?? null,
    last_seen_at: token.lastSeenAt?.toISOString() ?? null,
    revoked_at: token.revokedAt?.toISOString() ?? null,
  };
}

function stateOf(token: DataPlaneToken, now: number, intervalMs: number): TokenView['state'] {
  if (token.revokedAt) return 'revoked';
  if (token.expiresAt && token.expiresAt.getTime() <= now) return 'expired';
  return token.lastHeartbeatAt ? fleetState(token.lastHeartbeatAt.getTime(), now, intervalMs) : 'unused';
}
