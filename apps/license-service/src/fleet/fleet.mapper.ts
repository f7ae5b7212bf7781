import type { DataPlaneToken } from '@behavry/db-control';
import { fleetState, type FleetState } from '../domain/fleet-state';

/** One data plane as the fleet view shows it. */
export interface DataPlaneView {
  readonly deployment_id: string;
  readonly token_id: string;
  readonly label: string;
  readonly region: string | null;
  readonly state: FleetState;
  readonly last_seen_at: string | null;
  readonly last_heartbeat_at: string;
  readonly active_agent_count: number | null;
  readonly proxy_rpm_1m: number | null;
  readonly escalations_pending: number | null;
  readonly opa_bundle_version: string | null;
  readonly desired_revision: string | null;
  readonly in_sync: boolean;
  readonly config_revision: string | null;
  readonly uptime_seconds: number | null;
  readonly version: string | null;
  readonly license_state: string | null;
  readonly public_url: string | null;
  readonly is_token_revoked: boolean;
}

/**
 * @param tokens of one tenant; of several tokens of one deployment (rotation) the one heard last counts
 * @param intervalMs the usual time between heartbeats
 */
export function dataPlanes(
  tokens: readonly DataPlaneToken[],
  desired: string | null,
  now: number,
  intervalMs: number,
): readonly DataPlaneView[] {
  const latest = new Map<string, DataPlaneView>();
  for (const token of tokens) {
    const { deploymentId, lastHeartbeatAt } = token;
    if (deploymentId === null || lastHeartbeatAt === null) continue;
    const heard = lastHeartbeatAt.toISOString();
    const known = latest.get(deploymentId);
    if (known && known.last_heartbeat_at >= heard) continue;
    latest.set(deploymentId, {
      deployment_id: deploymentId,
      token_id: token.id,
      label: token.label,
      region: token.region,
      state: fleetState(lastHeartbeatAt.getTime(), now, intervalMs),
      last_seen_at: token.lastSeenAt?.toISOString() ?? null,
      last_heartbeat_at: heard,
      active_agent_count: token.activeAgentCount,
      proxy_rpm_1m: token.proxyRpm1m,
      escalations_pending: token.escalationsPending,
      opa_bundle_version: token.opaBundleVersion,
      desired_revision: desired,
      in_sync: desired !== null && token.opaBundleVersion === desired,
      config_revision: token.configRevision,
      uptime_seconds: token.uptimeSeconds,
      version: token.version,
      license_state: token.licenseState,
      public_url: token.publicUrl,
      is_token_revoked: token.revokedAt !== null,
    });
  }
  return [...latest.values()].sort((a, b) => (a.deployment_id < b.deployment_id ? -1 : 1));
}
