import {
  BUILT_IN_DLP_PATTERNS,
  PatternSet,
  scanInjection,
  scanJson,
  scanText,
  TextScanner,
  type DlpPattern,
} from '@behavry/domain';
import type { Row } from './figures';

// What scanning costs, in CPU; a KB is 1,024 characters.

const KB = 1_024;
const LARGE = 64 * KB;
/** The largest text that the event loop scans: above it are threads (`LARGE_BYTES` of libs/pipeline). */
const ON_THE_LOOP = 16 * KB;
const LEAST_MS = 150;

/** CPU of one run in microseconds: the least of three loops, each at least as long as the clock is coarse. */
function cpuOf(run: () => void): number {
  let least = Infinity;
  for (let loop = 0; loop < 3; loop++) {
    let runs = 0;
    const before = process.cpuUsage();
    let spent: number;
    do {
      for (let index = 0; index < 4; index++, runs++) run();
      spent = process.cpuUsage(before).user / 1_000;
    } while (spent < LEAST_MS);
    least = Math.min(least, (spent * 1_000) / runs);
  }
  return least;
}

const filled = (text: string, size: number): string =>
  text.repeat(Math.ceil(size / text.length)).slice(0, size);

const ENGLISH =
  'The quarterly report of the customer service team says that most requests were answered within one day, that ' +
  'the author asked for access to the archive, and that nobody objected to the new opening hours of the office. ' +
  'A second chapter describes how parcels travel between the two warehouses and which of them are lost on the way. ';
const CODE =
  'export function sum(values: readonly number[]): number {\n  let total = 0;\n  for (const value of values) {\n' +
  '    if (!Number.isFinite(value)) throw new RangeError(`not a number: ${value}`);\n    total += value;\n  }\n  return total;\n}\n';
const JSON_ROWS = JSON.stringify(
  Array.from({ length: 900 }, (_, index) => ({
    id: 100_000 + index,
    created_at: '2026-03-14T15:09:26.535Z',
    name: `Item ${index}`,
    amount: index / 4,
    tags: ['blue', 'large'],
  })),
);
const BASE64 = ((): string => {
  let seed = 42;
  const bytes = Uint8Array.from(
    { length: LARGE },
    () => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) >>> 24,
  );
  return Buffer.from(bytes).toString('base64').slice(0, LARGE);
})();

const ORDINARY: Readonly<Record<string, string>> = {
  English: ENGLISH,
  code: CODE,
  JSON: JSON_ROWS,
  base64: BASE64,
};
const HOSTILE: Readonly<Record<string, string>> = {
  'a…': 'a',
  digits: '1234567890',
  cards: '4111 1111 ',
  '@': 'a@',
  addresses: 'a@b.co,',
  domains: `x@${'a.'.repeat(60)}`,
  eyJ: '-eyJ',
  'sk-': '-sk-abcdefghij',
  'api_key=': 'api_key=',
  'PEM heads': '-----BEGIN RSA ',
  emoji: '😀',
  ignore: 'ignore all ',
};

function extra(count: number): readonly DlpPattern[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `extra_${index}`,
    name: 'extra',
    pattern: `\\bx${String.fromCharCode(97 + (index % 26))}${String.fromCharCode(97 + ((index * 7) % 26))}${index}_[A-Za-z0-9]{20,60}`,
    severity: 'high' as const,
    tags: [],
  }));
}

/** What the proxies do with a value: both scanners, out and back. */
function bothWays(value: unknown, patterns: PatternSet): void {
  for (let way = 0; way < 2; way++) {
    scanJson(value, patterns);
    scanInjection(value);
  }
}

/**
 * Measures the scanner alone, in this process: some twenty seconds.
 * @returns what texts as they come cost, hostile ones, streams, and what more patterns add
 */
export function scanFigures(): Row[] {
  const patterns = new PatternSet(BUILT_IN_DLP_PATTERNS);
  return [...ordinaryRows(patterns), ...hostileRows(patterns), ...streamRows(patterns), ...growthRows()];
}

function ordinaryRows(patterns: PatternSet): Row[] {
  const rows = Object.entries(ORDINARY).flatMap(([name, text]) =>
    [1, 8, 64].map((size): Row => {
      const value = { text: filled(text, size * KB) };
      const perKb = cpuOf(() => bothWays(value, patterns)) / size;
      const bounds = size === 1 ? { must: 30, aim: 20 } : {};
      return { name: `a KB of ${size} KB ${name}, both ways`, unit: 'µs', value: perKb, ...bounds };
    }),
  );
  const parsed: unknown = JSON.parse(JSON_ROWS);
  const value = cpuOf(() => bothWays(parsed, patterns)) / (JSON_ROWS.length / KB);
  return [...rows, { name: 'a KB of JSON as a value, both ways', unit: 'µs', value }];
}

/** Texts of 64 KB, one way; and of what the event loop still scans, which it must not be held by for 5 ms. */
function hostileRows(patterns: PatternSet): Row[] {
  const base64 = { text: filled(BASE64, LARGE) };
  const once = cpuOf(() => {
    scanJson(base64, patterns);
    scanInjection(base64);
  });
  const worst = Object.entries(HOSTILE).map(([name, part]): Row => {
    const value = hostileMs(filled(part, LARGE), patterns);
    return { name: `64 KB of ${name}`, unit: 'ms', value, must: 45, aim: 10 };
  });
  const small = Object.values(HOSTILE).map((part) => hostileMs(filled(part, ON_THE_LOOP), patterns));
  const held = {
    name: '16 KB of the worst of them, the largest text that the event loop scans',
    unit: 'ms',
    value: Math.max(...small),
    must: 5,
  } as const;
  return [{ name: '64 KB of base64', unit: 'ms', value: once / 1_000, must: 1, aim: 0.5 }, ...worst, held];
}

function hostileMs(text: string, patterns: PatternSet): number {
  return (cpuOf(() => void scanText(text, patterns)) + cpuOf(() => void scanInjection(text))) / 1_000;
}

function streamRows(patterns: PatternSet): Row[] {
  return Object.entries(ORDINARY).map(([name, text]): Row => {
    const chunks = filled(text, 8 * KB).match(/[\s\S]{1,20}/g) ?? [];
    const cost = cpuOf(() => {
      const scanner = new TextScanner(patterns);
      for (const chunk of chunks) scanner.push(chunk);
      scanner.end();
    });
    return { name: `a streamed chunk of 20 characters of ${name}`, unit: 'µs', value: cost / chunks.length };
  });
}

function growthRows(): Row[] {
  return Object.entries(ORDINARY).map(([name, text]): Row => {
    const [few = 1, many = 0] = [0, 200 - BUILT_IN_DLP_PATTERNS.length].map((count) => {
      const set = new PatternSet([...BUILT_IN_DLP_PATTERNS, ...extra(count)]);
      return cpuOf(() => void scanText(filled(text, 8 * KB), set));
    });
    return {
      name: `200 patterns to the built-in, ${name}`,
      unit: '×',
      value: many / few,
      must: 1.2,
      aim: 1.1,
    };
  });
}
