import {
  BUILT_IN_DLP_PATTERNS,
  PatternSet,
  scanInjection,
  scanJson,
  scanText,
  TextScanner,
  type DlpPattern,
} from '@behavry/domain';

// `npm run bench -- scan`: what scanning costs, in microseconds of CPU a KB (1,024 characters).

const KB = 1_024;
const LARGE = 64 * KB;
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

const show = (figure: number): string => figure.toFixed(figure < 10 ? 2 : figure < 100 ? 1 : 0).padStart(8);

/** What the proxies do with a value: both scanners, out and back. */
function bothWays(value: unknown, patterns: PatternSet): void {
  for (let way = 0; way < 2; way++) {
    scanJson(value, patterns);
    scanInjection(value);
  }
}

function main(): void {
  const patterns = new PatternSet(BUILT_IN_DLP_PATTERNS);
  console.log('µs a KB, both scanners, both ways      1 KB     8 KB    64 KB');
  for (const [name, text] of Object.entries(ORDINARY)) {
    const cells = [KB, 8 * KB, LARGE].map((size) => {
      const value = { text: filled(text, size) };
      return show(cpuOf(() => bothWays(value, patterns)) / (size / KB));
    });
    console.log(`  ${name.padEnd(34)}${cells.join(' ')}`);
  }
  const rows: unknown = JSON.parse(JSON_ROWS);
  console.log(
    `  ${'JSON as a value'.padEnd(34)}${show(cpuOf(() => bothWays(rows, patterns)) / (JSON_ROWS.length / KB))}`,
  );

  console.log('ms of a hostile text of 64 KB, one way: secrets, injections');
  for (const [name, part] of Object.entries(HOSTILE)) {
    const text = filled(part, LARGE);
    const cells = [() => scanText(text, patterns), () => scanInjection(text)].map((run) =>
      show(cpuOf(run) / 1_000),
    );
    console.log(`  ${name.padEnd(34)}${cells.join(' ')}`);
  }

  console.log('µs of a streamed chunk of 20 characters');
  for (const [name, text] of Object.entries(ORDINARY)) {
    const chunks = filled(text, 8 * KB).match(/[\s\S]{1,20}/g) ?? [];
    const cost = cpuOf(() => {
      const scanner = new TextScanner(patterns);
      for (const chunk of chunks) scanner.push(chunk);
      scanner.end();
    });
    console.log(`  ${name.padEnd(34)}${show(cost / chunks.length)}`);
  }

  console.log('µs a KB of 8 KB with more patterns      17      100      200   200 to 17');
  for (const [name, text] of Object.entries(ORDINARY)) {
    const cells = [17, 100, 200].map((count) => {
      const set = new PatternSet([...BUILT_IN_DLP_PATTERNS, ...extra(count - 17)]);
      return cpuOf(() => scanText(filled(text, 8 * KB), set)) / 8;
    });
    const ratio = (cells[2] ?? 0) / (cells[0] ?? 1);
    console.log(`  ${name.padEnd(34)}${cells.map(show).join(' ')} ${ratio.toFixed(2).padStart(8)}`);
  }
}

main();
