import { FairQueue } from './fair-queue';

/** What is begun in one turn of the event loop; what waits comes in the next, agent by agent. */
const BUDGET_MS = 1;

/**
 * Shares the event loop between agents. While a turn of the loop has time, everything begins at once; then requests
 * wait, and the agents take turns, so that one agent's flood puts at most one of its requests before another agent's.
 */
export class LoopTurns {
  readonly #waiting = new FairQueue<() => void>();
  #begunAt: number | undefined;

  /** @param now monotonic milliseconds */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** @returns undefined when it may begin at once, else what it waits for */
  next(agentId: string): Promise<undefined> | undefined {
    if (this.#begunAt === undefined) {
      this.#begunAt = this.now();
      setImmediate(this.#turn);
      return undefined;
    }
    if (this.#waiting.isEmpty && this.#hasTime()) return undefined;
    return new Promise((resolve) => {
      this.#waiting.add(agentId, () => {
        resolve(undefined);
      });
    });
  }

  // The loop comes round: what waits begins, each with the microtasks that it leads to, until the time is used up.
  readonly #turn = (): void => {
    if (this.#waiting.isEmpty) {
      this.#begunAt = undefined;
      return;
    }
    this.#begunAt = this.now();
    setImmediate(this.#turn);
    void this.#begin();
  };

  async #begin(): Promise<void> {
    do {
      this.#waiting.take()?.();
      // It begins in a microtask of its own: only then is it known what it took.
      await Promise.resolve();
    } while (!this.#waiting.isEmpty && this.#hasTime());
  }

  #hasTime(): boolean {
    return this.#begunAt !== undefined && this.now() - this.#begunAt < BUDGET_MS;
  }
}
