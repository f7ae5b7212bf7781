import { TokenBucketLimiter } from './token-bucket-limiter';

describe('the token bucket', () => {
  it('allows the limit at once, then one each time its share of a minute passes', () => {
    let now = 0;
    const limiter = new TokenBucketLimiter(() => now);
    const take = (): unknown => limiter.take([{ key: 'a', perMinute: 3 }]);
    expect([take(), take(), take()]).toEqual(Array(3).fill({ allowed: true }));
    expect(take()).toEqual({ allowed: false, retryAfterSeconds: 20 });
    now = 20_000;
    expect(take()).toEqual({ allowed: true });
    expect(take()).toMatchObject({ allowed: false });
  });

  it('counts a refused call against none of its limits', () => {
    const limiter = new TokenBucketLimiter(() => 0);
    const both = [
      { key: 'agent', perMinute: 1 },
      { key: 'tenant', perMinute: 2 },
    ];
    expect(limiter.take(both)).toEqual({ allowed: true });
    expect(limiter.take(both)).toMatchObject({ allowed: false });
    expect(limiter.take([{ key: 'tenant', perMinute: 2 }])).toEqual({ allowed: true });
  });

  it('allows nothing under a limit of zero', () => {
    expect(new TokenBucketLimiter(() => 0).take([{ key: 'a', perMinute: 0 }])).toMatchObject({
      allowed: false,
    });
  });

  it('keeps keys apart', () => {
    const limiter = new TokenBucketLimiter(() => 0);
    limiter.take([{ key: 'a', perMinute: 1 }]);
    expect(limiter.take([{ key: 'b', perMinute: 1 }])).toEqual({ allowed: true });
  });
});
