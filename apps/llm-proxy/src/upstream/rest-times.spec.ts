import { ManualClock } from '@behavry/platform';
import { candidatesOf } from './candidates';
import { restIn, RestTimes } from './rest-times';

const START = Date.parse('2026-01-01T00:00:00Z');
const candidates = candidatesOf(
  ['a', 'b'].map((id) => ({
    ...{ id, kind: 'openai', base_url: `https://${id}.test`, auth_header: null, key: null },
    ...{ weight: 1, usage_in_stream: true },
  })) as never,
  { kind: 'openai', baseUrl: 'https://own.test', key: undefined },
).usable;
const [a, b] = candidates as [(typeof candidates)[0], (typeof candidates)[0]];

describe('addresses that failed', () => {
  let clock: ManualClock;
  let rests: RestTimes;
  beforeEach(() => {
    clock = new ManualClock(START);
    rests = new RestTimes(() => clock.now());
  });

  it('rest for half a minute, or as long as they ask, but a second at least and five minutes at most', () => {
    expect(rests.failed(a)).toBe(true);
    expect(rests.until(a)).toBe(START + 30_000);
    expect(rests.until(b)).toBe(0);
    expect(rests.failed(a, 3_600_000)).toBe(false);
    expect(rests.until(a)).toBe(START + 300_000);
    rests.failed(a, -5);
    expect(rests.until(a)).toBe(START + 1_000);
  });

  it('are asked again when that is over, or when they answered meanwhile', () => {
    rests.failed(a);
    rests.failed(b);
    rests.answered(b);
    expect(rests.until(b)).toBe(0);
    clock.advance(30_000);
    expect(rests.until(a)).toBe(0);
  });

  it('are forgotten with the document that named them', () => {
    rests.failed(a);
    rests.failed(b);
    rests.keep([a]);
    expect([rests.until(a) > 0, rests.until(b)]).toEqual([true, 0]);
  });

  it.each([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '7', 'retry-after-ms': '250' }, 250],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }, 9_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': ['1', '2'] }, undefined],
    [{}, undefined],
  ])('say so by %j', (headers, ms) => {
    expect(restIn(headers, START)).toBe(ms);
  });
});
