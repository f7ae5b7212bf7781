const CONTEXT = 3;
/** Above this product of line counts the middle is shown as replaced: the comparison is quadratic. */
const MAX_CELLS = 4_000_000;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/**
 * Compares two texts line by line.
 * @returns hunks in the unified form (`@@ -1,3 +1,4 @@`) with three lines of context, `''` when equal
 */
export function lineDiff(from: string, to: string): string {
  const lines = compare(from.split('\n'), to.split('\n'));
  const changed = lines.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]));
  const hunks: [start: number, end: number][] = [];
  for (const index of changed) {
    const last = hunks.at(-1);
    const end = Math.min(lines.length, index + CONTEXT + 1);
    if (last && index - CONTEXT <= last[1]) last[1] = end;
    else hunks.push([Math.max(0, index - CONTEXT), end]);
  }
  return hunks.map(([start, end]) => hunkText(lines, start, end)).join('');
}

function hunkText(lines: readonly Line[], start: number, end: number): string {
  const before = lines.slice(0, start);
  const part = lines.slice(start, end);
  const old = range(countOf(before, '-'), countOf(part, '-'));
  const young = range(countOf(before, '+'), countOf(part, '+'));
  return [`@@ -${old} +${young} @@`, ...part.map(({ mark, text }) => `${mark}${text}`), ''].join('\n');
}

function range(before: number, count: number): string {
  return `${String(count === 0 ? before : before + 1)},${String(count)}`;
}

function countOf(lines: readonly Line[], mark: '-' | '+'): number {
  return lines.filter((line) => line.mark === ' ' || line.mark === mark).length;
}

function compare(from: readonly string[], to: readonly string[]): readonly Line[] {
  let head = 0;
  while (head < from.length && head < to.length && from[head] === to[head]) head += 1;
  let tail = 0;
  while (
    tail < from.length - head &&
    tail < to.length - head &&
    from[from.length - 1 - tail] === to[to.length - 1 - tail]
  ) {
    tail += 1;
  }
  return [
    ...from.slice(0, head).map(same),
    ...middle(from.slice(head, from.length - tail), to.slice(head, to.length - tail)),
    ...from.slice(from.length - tail).map(same),
  ];
}

/** Longest common subsequence, by the table of lengths of common rests. */
function middle(from: readonly string[], to: readonly string[]): readonly Line[] {
  if (from.length * to.length > MAX_CELLS) return [...from.map(removed), ...to.map(added)];
  const width = to.length + 1;
  const rests = new Uint32Array((from.length + 1) * width);
  const rest = (i: number, j: number): number => rests[i * width + j] ?? 0;
  for (let i = from.length - 1; i >= 0; i -= 1) {
    for (let j = to.length - 1; j >= 0; j -= 1) {
      rests[i * width + j] =
        from[i] === to[j] ? rest(i + 1, j + 1) + 1 : Math.max(rest(i + 1, j), rest(i, j + 1));
    }
  }
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < from.length || j < to.length) {
    const [old, young] = [from[i], to[j]];
    if (old !== undefined && old === young) {
      lines.push(same(old));
      i += 1;
      j += 1;
    } else if (old !== undefined && (young === undefined || rest(i + 1, j) >= rest(i, j + 1))) {
      lines.push(removed(old));
      i += 1;
    } else if (young !== undefined) {
      lines.push(added(young));
      j += 1;
    }
  }
  return lines;
}

const same = (text: string): Line => ({ mark: ' ', text });
const removed = (text: string): Line => ({ mark: '-', text });
const added = (text: string): Line => ({ mark: '+', text });
