import type { BucketAnswer, BucketWish, Logger, PlaneBuckets } from '@behavry/platform';

/** A store that takes longer is as good as none: calls wait for it. */
const ANSWER_MS = 250;
/** Time to connect, before there are calls. */
const START_MS = 5_000;
/** Time is counted in steps: when the loop was held, an answer may be there and not be read yet. */
const STEP_MS = 25;
const RETRY_MS = 1_000;
/** Takes nothing, in the way in which calls are taken. */
const PROBE: readonly BucketWish[] = [{ key: 'probe', capacity: 1, perSecond: 1, amount: 0 }];

/** Asks the plane's buckets for as long as they answer; when they do not, looks every second whether they do again. */
export class StoreWatch {
  #isThere = true;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly buckets: PlaneBuckets,
    private readonly log: Pick<Logger, 'warn' | 'info'>,
  ) {}

  get isThere(): boolean {
    return this.#isThere;
  }

  /** @returns undefined when the store is away; what it granted unheard is lost. Never rejects */
  async take(
    wishes: readonly BucketWish[],
    ms: number = ANSWER_MS,
  ): Promise<readonly BucketAnswer[] | undefined> {
    try {
      return await inTime(this.buckets.take(wishes), ms);
    } catch (error) {
      this.#lose(error);
      return undefined;
    }
  }

  /** Connects. */
  start(): Promise<void> {
    return this.#look(START_MS);
  }

  async #look(ms: number): Promise<void> {
    if ((await this.take(PROBE, ms)) === undefined) return;
    if (!this.#isThere) this.log.info('limits are counted together with the other processes again');
    this.#isThere = true;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
  }

  #lose(error: unknown): void {
    if (this.#isThere && !this.#isClosed)
      this.log.warn({ err: error }, 'the store of limits does not answer; this process counts alone');
    this.#isThere = false;
    clearTimeout(this.#retry);
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => void this.#look(ANSWER_MS), RETRY_MS);
    this.#retry.unref();
  }
}

function inTime<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let left = ms / STEP_MS;
    const timer = setInterval(() => {
      left -= 1;
      if (left > 0) return;
      clearInterval(timer);
      reject(new Error(`no answer in ${String(ms)} ms`));
    }, STEP_MS);
    answer.then(resolve, reject).finally(() => {
      clearInterval(timer);
    });
  });
}
