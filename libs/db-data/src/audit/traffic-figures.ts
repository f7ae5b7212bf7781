import type { EntityManager } from 'typeorm';

/** What a heartbeat says of a plane's traffic. */
export interface TrafficFigures {
  readonly activeAgents: number;
  readonly callsPerMinute: number;
}

/**
 * Counts a tenant's agents and calls of the last minutes.
 * @param manager of a transaction that has set `tenantId`
 * @param sinceMs first instant that counts, in ms since the Unix epoch
 * @param untilMs the present, in ms since the Unix epoch; one minute after `sinceMs` when left out
 */
export async function trafficFigures(
  manager: EntityManager,
  tenantId: string,
  sinceMs: number,
  untilMs: number = sinceMs + 60_000,
): Promise<TrafficFigures> {
  const rows: { agents: string; calls: string }[] = await manager.query(
    `SELECT count(DISTINCT agent_id) AS agents, count(*) AS calls FROM data.audit_events
     WHERE tenant_id = $1 AND ts >= $2 AND ts < $3 AND kind IN ('mcp', 'llm')`,
    [tenantId, new Date(sinceMs), new Date(untilMs)],
  );
  const minutes = Math.max((untilMs - sinceMs) / 60_000, 1 / 60);
  const calls = Number(rows[0]?.calls ?? 0);
  return {
    activeAgents: Number(rows[0]?.agents ?? 0),
    callsPerMinute: Math.round((calls / minutes) * 10) / 10,
  };
}
