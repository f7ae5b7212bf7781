export type FleetState = 'healthy' | 'late' | 'stale' | 'offline';

const OFFLINE_MS = 600_000;

/**
 * How a data plane is doing, by the age of its last heartbeat (semantics: fleet states).
 * @param lastHeartbeatAt milliseconds since the Unix epoch
 * @param intervalMs the usual time between heartbeats
 */
export function fleetState(lastHeartbeatAt: number, now: number, intervalMs: number): FleetState {
  const age = now - lastHeartbeatAt;
  if (age <= 2 * intervalMs) return 'healthy';
  if (age > OFFLINE_MS) return 'offline';
  return age <= 3 * intervalMs ? 'late' : 'stale';
}
