import type { ModelBudget } from '@behavry/contracts';
import { accountsOf, amountIn, headerOf, refusalText, wishFor, type Account } from './budget-rules';

const PAYER = { tenantId: 't1', agentId: 'A-1', owner: 'Alice' };
const NOW = Date.UTC(2026, 10, 30, 23, 59, 58);
const BOTH = ['tokens', 'microusd'] as const;

const budget = (changes: Partial<ModelBudget> = {}): ModelBudget => ({
  ...{ scope: 'agent', period: 'day', hard: true, tokens: 100 },
  ...changes,
});
const keys = (budgets: readonly ModelBudget[], payer = PAYER, now = NOW): readonly string[] =>
  accountsOf(budgets, payer, BOTH, now).map(({ key }) => key);

describe('the accounts of a call', () => {
  it('are named by unit, scope, whose they are and the day or month of UTC', () => {
    expect(
      keys([
        budget(),
        budget({ period: 'month', money: 3 }),
        budget({ scope: 'tenant', tokens: null, money: 1 }),
      ]),
    ).toEqual([
      'tokens:agent:A-1:2026-11-30',
      'tokens:agent:A-1:2026-11',
      'microusd:agent:A-1:2026-11',
      'microusd:tenant:t1:2026-11-30',
    ]);
  });

  it('are new ones with each day and month, over the end of a year too', () => {
    const all = [budget(), budget({ period: 'month' })];
    expect(keys(all, PAYER, NOW + 2_000)).toEqual([
      'tokens:agent:A-1:2026-12-01',
      'tokens:agent:A-1:2026-12',
    ]);
    const end = accountsOf(all, PAYER, BOTH, Date.UTC(2026, 11, 31, 12));
    expect(end.map(({ endsAt }) => new Date(endsAt).toISOString())).toEqual([
      '2027-01-01T00:00:00.000Z',
      '2027-01-01T00:00:00.000Z',
    ]);
    expect(accountsOf([budget()], PAYER, BOTH, NOW)[0]?.endsAt).toBe(Date.UTC(2026, 11, 1));
  });

  it('are those of budgets for everyone, or for this one by name', () => {
    expect(keys([budget({ id: 'a-1' }), budget({ id: null, period: 'month' })])).toHaveLength(2);
    expect(keys([budget({ id: 'a-2' }), budget({ scope: 'owner', id: 'alice' })])).toEqual([]);
    expect(keys([budget({ scope: 'owner', id: 'Alice' })])).toHaveLength(1);
    expect(keys([budget({ scope: 'owner' })], { ...PAYER, owner: null } as never)).toEqual([]);
  });

  it("of an owner show no name, and are not another's or another tenant's", () => {
    const [own] = keys([budget({ scope: 'owner' })]);
    expect(own).toMatch(/^tokens:owner:[0-9a-f]{32}:2026-11-30$/);
    expect(keys([budget({ scope: 'owner' })], { ...PAYER, owner: 'alice' })).not.toContain(own);
    expect(keys([budget({ scope: 'owner' })], { ...PAYER, tenantId: 't2' })).not.toContain(own);
  });

  it('are one for all budgets that look at the same', () => {
    const [account, ...more] = accountsOf(
      [budget(), budget({ id: 'A-1', tokens: 80 }), budget({ hard: false, tokens: 5 })],
      PAYER,
      BOTH,
      NOW,
    );
    expect(more).toEqual([]);
    expect(account?.limits).toEqual([
      { limit: 100, isHard: true },
      { limit: 80, isHard: true },
      { limit: 5, isHard: false },
    ]);
    // Kept to the end of the day and a day longer; only hard ones refuse, the smallest first.
    expect(wishFor(account!, 7, NOW)).toEqual({
      key: account?.key,
      amount: 7,
      limit: 80,
      keepSeconds: 86_402,
    });
  });

  it('count only what they are asked for', () => {
    expect(accountsOf([budget({ money: 1 })], PAYER, ['tokens'], NOW)).toHaveLength(1);
  });
});

describe('what budgets say', () => {
  const account = (changes: Partial<Account> = {}): Account => ({
    ...{ key: 'k', unit: 'tokens', scope: 'agent', period: 'day', endsAt: Date.UTC(2026, 11, 1) },
    limits: [{ limit: 100, isHard: true }],
    ...changes,
  });

  it('is nothing until four fifths are used, then how much', () => {
    expect(headerOf([{ account: account(), used: 79 }])).toBeUndefined();
    expect(headerOf([{ account: account(), used: 80 }])).toBe(
      'tokens;scope=agent;period=day;used=80;limit=100;hard',
    );
    const soft = account({ unit: 'microusd', scope: 'tenant', limits: [{ limit: 10, isHard: false }] });
    expect(
      headerOf([
        { account: account(), used: 100 },
        { account: soft, used: 11 },
      ]),
    ).toBe(
      'tokens;scope=agent;period=day;used=100;limit=100;hard, microusd;scope=tenant;period=day;used=11;limit=10;over',
    );
  });

  it('to a refused call is why, and when the next period begins', () => {
    expect(refusalText(account(), 100)).toBe(
      'the budget of tokens of this agent for the day is used up; it begins anew at 2026-12-01T00:00Z',
    );
    expect(refusalText(account({ unit: 'microusd', scope: 'owner' }), 99)).toBe(
      "the budget of money of this agent's owner for the day has less left than this call may use: ask for a shorter " +
        'answer; it begins anew at 2026-12-01T00:00Z',
    );
  });

  it('of an amount that nobody can have used is bounded', () => {
    const amounts = { tokens: Number.MAX_SAFE_INTEGER, microusd: 9e21 };
    for (const unit of BOTH) expect(amountIn(account({ unit }), amounts)).toBe(1e12);
  });
});
