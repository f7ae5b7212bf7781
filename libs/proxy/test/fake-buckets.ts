import { PlaneBuckets, type BucketAnswer, type BucketWish } from '@behavry/platform';

/** Buckets in memory, whose clock, answering time and absence are the test's. */
export class FakeBuckets extends PlaneBuckets {
  readonly #buckets = new Map<string, { level: number; at: number }>();
  /** What was wanted, oldest first. */
  readonly asked: (readonly BucketWish[])[] = [];
  /** What an answer takes in all, half of it on the way there. */
  answerMs = 2;
  isAway = false;

  constructor(private readonly now: () => number) {
    super();
  }

  async take(wishes: readonly BucketWish[]): Promise<readonly BucketAnswer[]> {
    this.asked.push(wishes);
    await this.#onTheWay();
    if (this.isAway) throw new Error('away');
    const found = wishes.map((wish) => ({ wish, ...this.#wanted(wish) }));
    const isGranted = found.every(({ waitMs }) => waitMs === 0);
    const answers = found.map(({ wish, level, waitMs }) => {
      const most = wish.amount > 0 ? Math.min(wish.amount, Math.floor(level + 1e-6)) : wish.amount;
      const granted = isGranted ? most : 0;
      const left = Math.min(wish.capacity, level - granted);
      this.#buckets.set(wish.key, { level: left, at: this.now() });
      return { granted, waitMs };
    });
    await this.#onTheWay();
    return answers;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What a bucket holds now. */
  level(key: string, capacity: number, perSecond: number): number {
    const { level, at } = this.#buckets.get(key) ?? { level: capacity, at: this.now() };
    return Math.min(capacity, level + ((this.now() - at) * perSecond) / 1000);
  }

  #wanted({ key, capacity, perSecond, amount, least = amount }: BucketWish): {
    level: number;
    waitMs: number;
  } {
    const level = this.level(key, capacity, perSecond);
    const isShort = amount > 0 && level + 1e-6 < least;
    return { level, waitMs: isShort ? Math.ceil(((least - level) / perSecond) * 1000) : 0 };
  }

  async #onTheWay(): Promise<void> {
    if (this.answerMs > 0) await new Promise((arrive) => setTimeout(arrive, this.answerMs / 2));
  }
}
