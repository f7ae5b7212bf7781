import type { EntityManager } from 'typeorm';

export type UsageKey = 'agent' | 'model' | 'provider' | 'day';

/** Uses of models of one agent, model, provider or day of UTC. */
export interface ModelUsage {
  /** Null for uses that named none. */
  readonly key: string | null;
  readonly calls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
  /** Of the calls whose cost is known; null when it is known of none. */
  readonly costMicros: number | null;
  readonly callsWithoutCost: number;
}

export interface UsageRange {
  /** First instant that counts. */
  readonly from: Date;
  /** First instant that no longer counts. */
  readonly to: Date;
}

const KEYS: Readonly<Record<UsageKey, string>> = {
  agent: 'e.agent_id',
  model: 'r.model',
  provider: 'r.provider',
  day: `to_char(e.ts AT TIME ZONE 'UTC', 'YYYY-MM-DD')`,
};

/** Days as they follow each other; of the rest the largest first. */
const orderOf = (by: UsageKey): string =>
  by === 'day' ? 'key' : 'total_tokens DESC, key COLLATE "C" NULLS LAST';

/** A number of the hashed text; null for anything else. */
const numberIn = (member: string, name: string): string =>
  `CASE json_typeof(${member} -> '${name}') WHEN 'number' THEN (${member} ->> '${name}')::numeric END`;

const sumOf = (member: string, name: string): string => `sum(${numberIn(member, name)})`;

type Row = Readonly<
  Record<
    'prompt_tokens' | 'completion_tokens' | 'total_tokens' | 'cost' | 'calls' | 'without_cost' | 'key',
    string | null
  >
> & { readonly total: string };

/**
 * Sums a tenant's uses of models that have tokens, read from the text that was hashed; a cost is what the proxy wrote
 * beside them (`extra.cost_microusd`).
 * @param manager of a transaction that has set `tenantId`
 */
export async function modelUsage(
  manager: EntityManager,
  tenantId: string,
  by: UsageKey,
  range: UsageRange,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ readonly usage: readonly ModelUsage[]; readonly total: number }> {
  const rows: Row[] = await manager.query(
    `WITH summed AS (
       SELECT ${KEYS[by]} AS key, count(*) AS calls,
              coalesce(${sumOf('r.tokens', 'prompt')}, 0) AS prompt_tokens,
              coalesce(${sumOf('r.tokens', 'completion')}, 0) AS completion_tokens,
              coalesce(${sumOf('r.tokens', 'total')}, 0) AS total_tokens,
              ${sumOf('r.extra', 'cost_microusd')} AS cost,
              count(*) FILTER (WHERE ${numberIn('r.extra', 'cost_microusd')} IS NULL) AS without_cost
         FROM data.audit_events e
        CROSS JOIN LATERAL json_to_record(e.canonical::json)
                AS r (provider text, model text, tokens json, extra json)
        WHERE e.tenant_id = $1 AND e.kind = 'llm' AND e.ts >= $2 AND e.ts < $3
          AND json_typeof(r.tokens) = 'object'
        GROUP BY 1)
     SELECT counted.total, page.*
       FROM (SELECT count(*) AS total FROM summed) AS counted
       LEFT JOIN (SELECT * FROM summed ORDER BY ${orderOf(by)} LIMIT $4 OFFSET $5) AS page ON true
      ORDER BY ${orderOf(by)}`,
    [tenantId, range.from, range.to, page.limit, page.offset],
  );
  return {
    usage: rows.filter(({ calls }) => calls !== null).map(toUsage),
    total: Number(rows[0]?.total ?? 0),
  };
}

function toUsage(row: Row): ModelUsage {
  return {
    key: row.key,
    calls: Number(row.calls),
    promptTokens: Number(row.prompt_tokens),
    completionTokens: Number(row.completion_tokens),
    totalTokens: Number(row.total_tokens),
    costMicros: row.cost === null ? null : Number(row.cost),
    callsWithoutCost: Number(row.without_cost),
  };
}
