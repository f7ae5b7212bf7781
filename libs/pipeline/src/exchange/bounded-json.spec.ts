import fc from 'fast-check';
import { boundedJson, INPUT_LIMITS } from './bounded-json';

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const { bytes, items, members } = INPUT_LIMITS;

describe('what an engine reads of a call', () => {
  it('is all of an ordinary one', () => {
    const value = { path: '/a', list: [1, 2, { deep: 'x'.repeat(10_000) }] };
    expect(boundedJson(value, 12_000)).toEqual({ value, truncated: [] });
  });

  it('is a list up to its bound, and the rest is named', () => {
    const { value, truncated } = boundedJson({ paths: Array(items + 500).fill('/a') }, 10_000);
    expect((value as { paths: unknown[] }).paths).toHaveLength(items);
    expect(truncated).toEqual([`/paths/${String(items)}`]);
  });

  it('is no text beyond the bound, whatever stands before and behind it', () => {
    const { value, truncated } = boundedJson({ a: 1, big: 'x'.repeat(bytes), c: 2 }, bytes + 100);
    expect(value).toEqual({ a: 1, big: '', c: 2 });
    expect(truncated).toEqual(['/big']);
  });

  it.each([
    ['empty lists in lists', Array.from({ length: 1_000 }, () => Array(1_000).fill([]))],
    ['empty objects', Array.from({ length: 1_000 }, () => Array(1_000).fill({}))],
    ['a text that JSON writes longer', { text: '\u0001'.repeat(bytes - 10) }],
    ['texts of three bytes a character', { text: '\u20ac'.repeat(bytes / 2) }],
    ['many small objects', Array.from({ length: 900 }, () => ({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }))],
  ])('is bounded for %s too', (_what, value) => {
    const cut = boundedJson(value, sizeOf(value));
    expect(cut.truncated.length).toBeGreaterThan(0);
    expect(sizeOf(cut.value)).toBeLessThanOrEqual(bytes + 4 * (items + members));
    expect(JSON.stringify(cut.value).split(/[[{]/).length).toBeLessThan(6_000);
  });

  it('names nothing that the caller may have written as a name', () => {
    const { truncated } = boundedJson({ 'a secret text': { ok: 'x'.repeat(bytes) } }, bytes + 100);
    expect(truncated).toEqual(['/*/ok']);
  });

  it('is never larger than the bound, and says so whenever it is not everything', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.integer({ min: 1, max: 400 }), (value, times) => {
        const all = Array<unknown>(times).fill({ value, pad: 'y'.repeat(2_000) });
        const cut = boundedJson(all, 0);
        // What stands in the place of something left out comes on top.
        expect(sizeOf(cut.value)).toBeLessThanOrEqual(bytes + 4 * (items + members));
        if (cut.truncated.length === 0) expect(cut.value).toBe(all);
      }),
      { numRuns: 50 },
    );
  });

  it('names at most a hundred places', () => {
    const value = Object.fromEntries(
      Array.from({ length: 300 }, (_none, n) => [`k${String(n)}`, 'x'.repeat(2_000)]),
    );
    expect(boundedJson(value, 600_000).truncated.length).toBeLessThanOrEqual(100);
  });
});
