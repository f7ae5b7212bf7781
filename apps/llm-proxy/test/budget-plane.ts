import {
  MODEL_SETTINGS_DEFAULTS,
  type ModelBudget,
  type ModelPrice,
  type ModelSettings,
} from '@behavry/contracts';
import { agentEntry } from '@behavry/testing';
import { Pool } from 'pg';
import { AGENT, CANARY, LlmPlane } from './llm-plane';

/** A dollar for a thousand tokens of either side. */
export const PRICE: ModelPrice = {
  ...{ provider: 'openai', model: 'priced*', input: 1_000, output: 1_000 },
  ...{ currency: 'USD', as_of: '2026-01-01', source: 'test' },
};

/** What is counted of an account. */
export interface Counted {
  readonly spent: number;
  readonly held: number;
}

/** A plane whose budgets, and what is counted of them, are the test's to set and to see. */
export class BudgetPlane {
  private constructor(
    readonly plane: LlmPlane,
    /** As owner of the database. */
    readonly database: Pool,
  ) {}

  static async start(): Promise<BudgetPlane> {
    const plane = await LlmPlane.start();
    return new BudgetPlane(plane, new Pool({ connectionString: plane.proxy.dbUrl }));
  }

  async stop(): Promise<void> {
    await this.database.end();
    await this.plane.stop();
  }

  /** Nothing was used yet. */
  async forget(): Promise<void> {
    await this.database.query('TRUNCATE plane.spending, plane.spending_reservations, plane.spending_settled');
    this.plane.provider.seen.length = 0;
  }

  /** Sets budgets, for agents of an owner. */
  set(
    budgets: readonly Partial<ModelBudget>[],
    settings: Partial<ModelSettings> = {},
    owner: string | null = 'Alice',
  ): Promise<void> {
    const defaults: ModelBudget = { scope: 'agent', period: 'day', hard: true };
    return this.plane.configure({
      agents: [agentEntry(AGENT, { owner })],
      model_settings: {
        ...MODEL_SETTINGS_DEFAULTS,
        prices: [PRICE],
        budgets: budgets.map((budget) => ({ ...defaults, ...budget })),
        ...settings,
      },
    });
  }

  /** What is counted in all accounts whose name begins so, for example `tokens:agent`. */
  async counted(start: string): Promise<Counted> {
    const { rows } = await this.database.query<{ spent: string; held: string }>(
      `SELECT (SELECT coalesce(sum(spent), 0) FROM plane.spending WHERE starts_with(key, $1)) AS spent,
              (SELECT coalesce(sum(amount), 0) FROM plane.spending_reservations WHERE starts_with(key, $1)) AS held`,
      [start],
    );
    return { spent: Number(rows[0]?.spent), held: Number(rows[0]?.held) };
  }

  /** Uses so much, so that a budget is nearly full. */
  async use(start: string, amount: number): Promise<void> {
    await this.database.query('UPDATE plane.spending SET spent = spent + $2 WHERE starts_with(key, $1)', [
      start,
      amount,
    ]);
  }
}

/** What the provider counts of an answer. */
export const USED = 12;

/** @returns what the official client reserves for {@link LlmPlane.ask} that may be answered with so many tokens */
export function reservedFor(model: string, most: number, names = 'max_tokens'): number {
  const texts = ['model', model, 'messages', 'role', 'user', 'content', CANARY, names];
  return Math.ceil(texts.join('').length / 4) + most;
}
