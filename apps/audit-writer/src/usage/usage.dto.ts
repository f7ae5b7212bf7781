import { IsIn, IsISO8601, IsOptional, IsRFC3339 } from 'class-validator';
import type { ModelUsage, UsageKey, UsageRange } from '@behavry/db-data';
import { PageQuery, ProblemError } from '@behavry/platform';

const DAY_MS = 86_400_000;
const USUAL_DAYS = 30;
const MOST_DAYS = 366;

/** Query of `GET /api/v1/usage`; `from` counts, `to` no longer does. */
export class UsageQuery extends PageQuery {
  @IsIn(['agent', 'model', 'provider', 'day']) by!: UsageKey;
  /** Thirty days before `to` when left out. */
  @IsOptional() @IsISO8601({ strict: true }) @IsRFC3339() from?: string;
  /** Now when left out. */
  @IsOptional() @IsISO8601({ strict: true }) @IsRFC3339() to?: string;
}

/** One line of usage; beside these members the one that it is grouped by: `agent`, `model`, `provider` or `day`. */
export interface UsageLine {
  readonly [key: string]: string | number | null;
  readonly calls: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  /** Of the calls whose cost is known; null when it is known of none. */
  readonly cost_microusd: number | null;
  readonly calls_without_cost: number;
}

/**
 * @param now in ms since the Unix epoch
 * @throws ProblemError 422
 */
export function rangeOf({ from, to }: UsageQuery, now: number): UsageRange {
  const end = to === undefined ? now : Date.parse(to);
  const start = from === undefined ? end - USUAL_DAYS * DAY_MS : Date.parse(from);
  const message = !(start < end)
    ? 'from must be before to'
    : end - start > MOST_DAYS * DAY_MS
      ? `from must be at most ${String(MOST_DAYS)} days before to`
      : undefined;
  if (message !== undefined)
    throw new ProblemError('validation_failed', message, { errors: [{ field: 'from', message }] });
  return { from: new Date(start), to: new Date(end) };
}

/** @returns the wire form of a line */
export function usageLine(by: UsageKey, usage: ModelUsage): UsageLine {
  return {
    [by]: usage.key,
    calls: usage.calls,
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.totalTokens,
    cost_microusd: usage.costMicros,
    calls_without_cost: usage.callsWithoutCost,
  };
}
