import {
  uuidv7,
  type Logger,
  type PlaneSpending,
  type SpendingAnswer,
  type SpendingUse,
  type SpendingWish,
} from '@behavry/platform';
import { StoreWatch } from '@behavry/proxy';

/** A call that nobody settles, because its process is gone, gives back what it reserved after this. */
const HELD_SECONDS = 15 * 60;
/** Nobody waits for it. */
const SETTLE_MS = 2_000;
const MAX_LEVELS = 50_000;

export interface SpendingOptions {
  readonly store: PlaneSpending;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** What became of a wish to use something. */
export interface Reserved {
  readonly isRefused: boolean;
  /** In the order of the wishes. */
  readonly answers: readonly SpendingAnswer[];
  /** To be called once, unless it was refused. @param used in the order of the wishes */
  readonly settle: (used: readonly number[]) => void;
}

/**
 * Counts with the plane's other processes what calls reserve and use. While the store does not answer, this process
 * counts alone, on from the levels that it knew last, and tells the store afterwards what was used meanwhile.
 */
export class Spending {
  /** As the store told them last, with what this process did since. */
  readonly #levels = new Map<string, number>();
  /** Settled, and not known to the store for certain; by call. */
  readonly #owed = new Map<string, readonly SpendingUse[]>();
  /** Used by calls that the store knows nothing of; by key. */
  readonly #alone = new Map<string, SpendingUse>();
  readonly #telling = new Set<Promise<unknown>>();
  readonly #watch: StoreWatch;

  constructor(private readonly options: SpendingOptions) {
    this.#watch = new StoreWatch({
      probe: () => this.#catchUp(),
      log: options.log,
      lost: 'the store of budgets does not answer; this process counts alone',
      found: 'budgets are counted together with the other processes again',
    });
  }

  /** Whether the plane's processes count together at present. */
  get isShared(): boolean {
    return this.#watch.isThere;
  }

  /** Connects to the store; a call should not have to wait for that. */
  start(): Promise<void> {
    return this.#watch.start();
  }

  /** Waits for what is being told; what could not be told is lost, and the log says so. */
  async close(): Promise<void> {
    await Promise.all(this.#telling);
    this.#watch.close();
    const untold = this.#owed.size + this.#alone.size;
    if (untold > 0)
      this.options.log.warn({ untold }, 'what some calls used was not counted: the store is away');
  }

  /** Reserves all that is wished for, or nothing. Never rejects. */
  async reserve(wishes: readonly SpendingWish[]): Promise<Reserved> {
    const id = uuidv7(this.options.now());
    const asked = this.#watch.isThere;
    const told = asked
      ? await this.#watch.ask(() => this.options.store.reserve(id, HELD_SECONDS, wishes))
      : undefined;
    const answers = told ?? wishes.map((wish) => this.#answer(wish));
    const isRefused = answers.some(({ fits }) => !fits);
    for (const [index, { key, amount }] of wishes.entries())
      this.#note(key, (answers[index]?.level ?? 0) + (isRefused ? 0 : amount));
    const settle = (used: readonly number[]): void => {
      this.#settle(id, usesOf(wishes, used), asked);
    };
    return { isRefused, answers, settle };
  }

  #answer({ key, amount, limit }: SpendingWish): SpendingAnswer {
    const level = this.#levels.get(key) ?? 0;
    return { level, fits: limit === null || level + amount <= limit };
  }

  /** @param isAsked whether the store was asked to reserve, and so may have done it */
  #settle(id: string, uses: readonly SpendingUse[], isAsked: boolean): void {
    for (const { key, reserved, used } of uses)
      this.#note(key, (this.#levels.get(key) ?? 0) + used - reserved);
    const { isThere } = this.#watch;
    if (isAsked || isThere) this.#owed.set(id, uses);
    else for (const use of uses) this.#addAlone(use);
    if (!isThere) return;
    this.#tell(id);
    // What came together while the store was found again.
    if (this.#alone.size > 0) this.#tell(this.#sumUp());
  }

  #tell(id: string): void {
    const uses = this.#owed.get(id) ?? [];
    const telling = this.#watch
      .ask(async () => {
        await this.options.store.settle(id, uses);
        this.#owed.delete(id);
      }, SETTLE_MS)
      .finally(() => this.#telling.delete(telling));
    this.#telling.add(telling);
  }

  /** Tells the store what it has missed. A call may be told twice: it counts once. */
  async #catchUp(): Promise<void> {
    const { store } = this.options;
    await store.reserve('probe', 0, []);
    while (this.#owed.size + this.#alone.size > 0) {
      if (this.#alone.size > 0) this.#sumUp();
      for (const [id, uses] of this.#owed) {
        await store.settle(id, uses);
        this.#owed.delete(id);
      }
    }
  }

  /** Puts what was used alone together, as if one call had. @returns its id */
  #sumUp(): string {
    const id = uuidv7(this.options.now());
    this.#owed.set(id, [...this.#alone.values()]);
    this.#alone.clear();
    return id;
  }

  #addAlone(use: SpendingUse): void {
    const used = use.used + (this.#alone.get(use.key)?.used ?? 0);
    this.#alone.set(use.key, { ...use, reserved: 0, used });
  }

  #note(key: string, level: number): void {
    this.#levels.delete(key);
    this.#levels.set(key, Math.max(0, level));
    if (this.#levels.size <= MAX_LEVELS) return;
    const oldest = this.#levels.keys().next();
    if (!oldest.done) this.#levels.delete(oldest.value);
  }
}

function usesOf(wishes: readonly SpendingWish[], used: readonly number[]): readonly SpendingUse[] {
  return wishes.map(({ key, amount, keepSeconds }, index) => ({
    ...{ key, keepSeconds },
    reserved: amount,
    used: used[index] ?? amount,
  }));
}
