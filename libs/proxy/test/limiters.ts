import { TokenBucketLimiter } from '@behavry/pipeline';
import { SharedLimiter } from '../src/limits/shared-limiter';
import { FakeBuckets } from './fake-buckets';

/** Limiters over buckets in memory, with a clock that the test moves. */
export interface Limiters {
  /** Those of the test that runs. */
  readonly buckets: FakeBuckets;
  readonly log: { readonly warn: jest.Mock; readonly info: jest.Mock };
  /** One process's worth. */
  open(): SharedLimiter;
  pass(ms: number): Promise<void>;
}

/** Makes them anew for each test of the file in which it is called. */
export function limiters(): Limiters {
  const now = (): number => performance.now();
  const log = { warn: jest.fn(), info: jest.fn() };
  let buckets = new FakeBuckets(now);
  let opened: SharedLimiter[] = [];
  beforeEach(() => {
    jest.useFakeTimers();
    log.warn.mockClear();
    log.info.mockClear();
    buckets = new FakeBuckets(now);
    opened = [];
  });
  afterEach(() => {
    for (const limiter of opened) limiter.close();
    jest.useRealTimers();
  });
  return {
    get buckets() {
      return buckets;
    },
    log,
    open: () => {
      const limiter = new SharedLimiter({ buckets, local: new TokenBucketLimiter(now), log, now });
      opened.push(limiter);
      return limiter;
    },
    pass: (ms) => jest.advanceTimersByTimeAsync(ms),
  };
}
