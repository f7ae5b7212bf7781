// Which budgets hold for a call, and what they say of it. No store, no clock.
import { createHash } from 'node:crypto';
import type { ModelBudget, TokenCounts } from '@behavry/contracts';
import type { SpendingWish } from '@behavry/platform';

/** Whose budgets a call uses. */
export interface Payer {
  readonly tenantId: string;
  readonly agentId: string;
  /** Null: nobody answers for the agent, so no owner's budget holds. */
  readonly owner: string | null;
}

export type Unit = 'tokens' | 'microusd';

/** What a call uses, or may use. `microusd`: undefined when nobody knows the price. */
export interface Amounts {
  readonly tokens: number;
  readonly microusd: number | undefined;
}

/** Something that is counted, and all budgets that look at it. */
export interface Account {
  readonly key: string;
  readonly unit: Unit;
  readonly scope: ModelBudget['scope'];
  readonly period: ModelBudget['period'];
  readonly limits: readonly { readonly limit: number; readonly isHard: boolean }[];
  /** When its period is over, in milliseconds since the Unix epoch. */
  readonly endsAt: number;
}

/** What was used is known for a day longer than it counts: a call that began before may end after. */
const KEPT_SECONDS = 86_400;
const MICROS = 1_000_000;
/** From here on answers tell how much of a budget is used. */
const TOLD_FROM = 0.8;

/**
 * @param unit only what is counted in it
 * @param now milliseconds since the Unix epoch
 * @returns what a call counts against, each once, whatever number of budgets look at it
 */
export function accountsOf(
  budgets: readonly ModelBudget[],
  payer: Payer,
  units: readonly Unit[],
  now: number,
): readonly Account[] {
  const accounts = new Map<string, Account>();
  for (const budget of budgets) {
    const who = holderOf(budget, payer);
    if (who === undefined) continue;
    for (const unit of units) {
      const limit = limitIn(budget, unit);
      if (limit === undefined) continue;
      const { scope, period, hard } = budget;
      const { name, endsAt } = periodOf(period, now);
      const key = `${unit}:${scope}:${who}:${name}`;
      const limits = [...(accounts.get(key)?.limits ?? []), { limit, isHard: hard }];
      accounts.set(key, { key, unit, scope, period, limits, endsAt });
    }
  }
  return [...accounts.values()];
}

/** @returns who it is that a budget counts for; undefined when it does not hold for the call */
function holderOf({ scope, id }: ModelBudget, { tenantId, agentId, owner }: Payer): string | undefined {
  const isAnyone = id === undefined || id === null;
  switch (scope) {
    case 'tenant':
      return tenantId;
    case 'agent':
      return isAnyone || id.toLowerCase() === agentId.toLowerCase() ? agentId : undefined;
    case 'owner':
      if (owner === null || !(isAnyone || id === owner)) return undefined;
      // A name that a person wrote has no place in the name of a key.
      return createHash('sha256')
        .update(JSON.stringify([tenantId, owner]))
        .digest('hex')
        .slice(0, 32);
  }
}

function limitIn({ tokens, money }: ModelBudget, unit: Unit): number | undefined {
  if (unit === 'tokens') return tokens ?? undefined;
  return money === undefined || money === null ? undefined : Math.round(money * MICROS);
}

/** @returns the day or month of UTC, and when the next one begins */
function periodOf(
  period: ModelBudget['period'],
  now: number,
): { readonly name: string; readonly endsAt: number } {
  const at = new Date(now);
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  return period === 'day'
    ? { name: at.toISOString().slice(0, 10), endsAt: Date.UTC(year, month, day + 1) }
    : { name: at.toISOString().slice(0, 7), endsAt: Date.UTC(year, month + 1, 1) };
}

/** Whether an account has a budget that refuses. */
export function isHard({ limits }: Account): boolean {
  return limits.some((each) => each.isHard);
}

/** @returns what is to be reserved for a call that may use so much */
export function wishFor(account: Account, amount: number, now: number): SpendingWish {
  const hard = account.limits.filter((each) => each.isHard).map(({ limit }) => limit);
  return {
    key: account.key,
    amount,
    limit: hard.length === 0 ? null : Math.min(...hard),
    keepSeconds: Math.max(0, Math.ceil((account.endsAt - now) / 1000)) + KEPT_SECONDS,
  };
}

/** Nobody uses as much in one call; what a provider tells beyond it would not fit the store's numbers. */
const MOST = 1_000_000_000_000;

/** @returns the amount in an account's unit */
export function amountIn({ unit }: Account, { tokens, microusd = 0 }: Amounts): number {
  return Math.min(MOST, unit === 'tokens' ? tokens : microusd);
}

/** How much of an account is used, this call included. */
export interface Level {
  readonly account: Account;
  readonly used: number;
}

/**
 * @returns text of a header that tells the budgets of which much is used (a list as of RFC 9651), or undefined:
 * `tokens;scope=agent;period=day;used=900;limit=1000;hard, microusd;…;over`
 */
export function headerOf(levels: readonly Level[]): string | undefined {
  const items = levels.flatMap(({ account: { unit, scope, period, limits }, used }) =>
    limits
      .filter(({ limit }) => used >= limit * TOLD_FROM)
      .map(
        ({ limit, isHard: hard }) =>
          `${unit};scope=${scope};period=${period};used=${String(used)};limit=${String(limit)}` +
          `${hard ? ';hard' : ''}${used > limit ? ';over' : ''}`,
      ),
  );
  return items.length === 0 ? undefined : items.join(', ');
}

const WHOSE = { agent: 'of this agent', owner: "of this agent's owner", tenant: 'of the tenant' } as const;
const WHAT = { tokens: 'tokens', microusd: 'money' } as const;

/** @param level before the call @returns why a call is refused: all of a budget is used, or less is left than it may use */
export function refusalText({ unit, scope, period, endsAt, limits }: Account, level: number): string {
  const limit = Math.min(...limits.filter((each) => each.isHard).map((each) => each.limit));
  const budget = `the budget of ${WHAT[unit]} ${WHOSE[scope]} for the ${period}`;
  const anew = `it begins anew at ${new Date(endsAt).toISOString().slice(0, 16)}Z`;
  return level >= limit
    ? `${budget} is used up; ${anew}`
    : `${budget} has less left than this call may use: ask for a shorter answer; ${anew}`;
}

/** @returns what was used, as budgets count it */
export function amountsOf({ total }: TokenCounts, microusd: number | undefined): Amounts {
  return { tokens: total, microusd };
}
