import type { TokenCounts } from '@behavry/contracts';
import { refuse, type Exchange, type Refusal } from '@behavry/pipeline';
import type { SpendingAnswer } from '@behavry/platform';
import type { Endpoint } from '../dialects/dialect';
import { costIn } from '../exchange/model-notes';
import {
  accountsOf,
  amountIn,
  amountsOf,
  headerOf,
  isHard,
  refusalText,
  wishFor,
  type Account,
  type Level,
  type Payer,
  type Unit,
} from './budget-rules';
import { usedIn, type Estimate } from './estimate';
import { Spend } from './spend';
import type { Spending } from './spending';

/** Header of answers that tells of which budgets much is used. */
export const BUDGET_HEADER = 'x-behavry-budget';

/** How a budget came to bear on a call: refused by a hard one, beyond a soft one, or without a price where one is needed. */
export const BUDGET_EVENTS = ['refused', 'over', 'no_price'] as const;
export type BudgetEvent = (typeof BUDGET_EVENTS)[number];

export interface BudgetsOptions {
  readonly spending: Pick<Spending, 'reserve'>;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly count: (account: Pick<Account, 'scope' | 'period' | 'unit'>, event: BudgetEvent) => void;
}

/** What is to be known of a call. */
export interface Asking {
  /** Whether a key of its own pays, where the plane's would: that money is not the tenant's. */
  readonly isPaidByAgent: boolean;
  /** Asked for only where a budget holds. */
  readonly estimate: () => Estimate;
}

/** Keeps uses of models within the budgets of their tenant. */
export class Budgets {
  constructor(private readonly options: BudgetsOptions) {}

  /**
   * Reserves what a call may use. Called when everything else has let it pass, just before it is sent; what it used is
   * counted when the exchange is over, however it ends.
   * @returns undefined where none does, without waiting
   */
  reserve(
    exchange: Exchange,
    { toolName, isFree = false }: Pick<Endpoint, 'toolName' | 'isFree'>,
    { isPaidByAgent, estimate }: Asking,
  ): undefined | Promise<Spend | Refusal> {
    const budgets = exchange.config?.models.budgets ?? [];
    if (budgets.length === 0 || isFree || toolName === 'list') return undefined;
    const units: readonly Unit[] = isPaidByAgent ? ['tokens'] : ['tokens', 'microusd'];
    const accounts = accountsOf(budgets, payerOf(exchange), units, this.options.now());
    return accounts.length === 0 ? undefined : this.#reserve(exchange, toolName, accounts, estimate());
  }

  async #reserve(
    exchange: Exchange,
    toolName: Endpoint['toolName'],
    accounts: readonly Account[],
    estimate: Estimate,
  ): Promise<Spend | Refusal> {
    const { count, now, spending } = this.options;
    const amountsFor = (tokens: TokenCounts) => amountsOf(tokens, costIn(exchange, tokens));
    const wanted = amountsFor({ ...estimate, total: estimate.prompt + estimate.completion });
    const hasPrice = wanted.microusd !== undefined;
    const unpriced = hasPrice ? [] : accounts.filter((each) => each.unit === 'microusd' && isHard(each));
    for (const account of unpriced) count(account, 'no_price');
    if (unpriced.length > 0) return UNPRICED;
    const counted = accounts.filter(({ unit }) => unit === 'tokens' || hasPrice);
    const wishes = counted.map((account) => wishFor(account, amountIn(account, wanted), now()));
    const { isRefused, answers, settle } = await spending.reserve(wishes);
    if (isRefused) return this.#refuse(counted, answers);
    const levels = counted.map((account, index) => ({
      account,
      used: (answers[index]?.level ?? 0) + amountIn(account, wanted),
    }));
    this.#countOver(levels);
    const spend = new Spend(toolName, headerOf(levels));
    exchange.hold(() => {
      const used = amountsFor(usedIn(spend.outcome(exchange.settlement), estimate, exchange.tokens));
      settle(counted.map((account) => amountIn(account, used)));
    });
    return spend;
  }

  #refuse(accounts: readonly Account[], answers: readonly SpendingAnswer[]): Refusal {
    const full = accounts.flatMap((account, index) => {
      const answer = answers[index];
      return answer && !answer.fits ? [{ account, level: answer.level }] : [];
    });
    for (const { account } of full) this.options.count(account, 'refused');
    const [first] = full;
    if (!first) throw new Error('a reservation was refused by no budget');
    return refuse('budget_exceeded', refusalText(first.account, first.level));
  }

  #countOver(levels: readonly Level[]): void {
    for (const { account, used } of levels)
      if (account.limits.some(({ limit }) => used > limit)) this.options.count(account, 'over');
  }
}

const UNPRICED = refuse(
  'model_denied',
  'a budget of money holds here, and nobody knows the price of this model: give it one in the model settings',
);

function payerOf({ identity, agent }: Exchange): Payer {
  if (!identity) throw new Error('a call is to be paid before its agent is known');
  const { tenantId, agentId } = identity;
  return { tenantId, agentId, owner: agent?.owner ?? null };
}
