import fc from 'fast-check';
import { lineDiff } from './line-diff';

describe('lineDiff', () => {
  it('says nothing of equal texts', () => {
    expect(lineDiff('a\nb', 'a\nb')).toBe('');
  });

  it('shows a changed line with three lines around it', () => {
    const from = ['1', '2', '3', '4', 'old', '6', '7', '8', '9'].join('\n');
    expect(lineDiff(from, from.replace('old', 'new'))).toBe(
      '@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-old\n+new\n 6\n 7\n 8\n',
    );
  });

  it('keeps far changes apart', () => {
    const from = Array.from({ length: 40 }, (_, index) => `line ${String(index)}`);
    const to = from.map((line, index) => (index === 2 || index === 30 ? `${line}!` : line));
    expect(lineDiff(from.join('\n'), to.join('\n')).match(/^@@/gm)).toHaveLength(2);
  });

  it('leads from the one text to the other, whatever they are', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(text, text, (from, to) => {
        expect(applied(from, lineDiff(from.join('\n'), to.join('\n')))).toEqual(to);
      }),
    );
  });

  it('does not compare huge texts line by line', () => {
    const lines = (mark: string): string =>
      Array.from({ length: 100_000 }, (_, i) => `${mark}${String(i)}`).join('\n');
    const started = performance.now();
    expect(lineDiff(lines('a'), lines('b'))).toContain('-a99999');
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

/** Applies unified hunks, checking that what they remove and keep is there. */
function applied(from: readonly string[], diff: string): readonly string[] {
  const result: string[] = [];
  let at = 0;
  for (const hunk of diff.split(/^@@ /m).slice(1)) {
    const [head = '', ...lines] = hunk.split('\n');
    const [, start, count] = /^-(\d+),(\d+) /.exec(head) ?? [];
    const begin = Number(count) === 0 ? Number(start) : Number(start) - 1;
    result.push(...from.slice(at, begin));
    at = begin;
    for (const line of lines.slice(0, -1)) {
      const text = line.slice(1);
      if (line.startsWith('+')) result.push(text);
      else {
        expect(from[at]).toBe(text);
        at += 1;
        if (line.startsWith(' ')) result.push(text);
      }
    }
  }
  return [...result, ...from.slice(at)];
}
