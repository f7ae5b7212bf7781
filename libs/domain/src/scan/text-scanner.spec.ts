import fc from 'fast-check';
import { BUILT_IN_DLP_PATTERNS } from './built-in-patterns';
import { PatternSet } from './pattern-set';
import { TextScanner, scanText } from './text-scanner';

const PATTERNS = new PatternSet(BUILT_IN_DLP_PATTERNS);

function scanPieces(pieces: readonly string[]): { findings: unknown[]; decided: number[] } {
  const scanner = new TextScanner(PATTERNS);
  const findings: unknown[] = [];
  const decided: number[] = [];
  for (const piece of pieces) {
    findings.push(...scanner.push(piece));
    decided.push(scanner.decided);
  }
  findings.push(...scanner.end());
  decided.push(scanner.decided);
  return { findings, decided };
}

const SECRETS = [
  'AKIAIOSFODNN7EXAMPLE',
  'sk-proj-abcdefghijklmnopqrst12345',
  '4111 1111 1111 1111',
  '123-45-6789',
  'someone@example.com',
  'password = hunter2hunter2',
  'postgres://u:secret@db',
  `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${'c2ln'.repeat(80)}`,
  '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----',
];

const words = fc.array(
  fc.oneof(
    fc.constantFrom(...SECRETS),
    fc.constantFrom(
      'the ',
      'sk-',
      'AKIA',
      ' ',
      '\n',
      '4111 ',
      'eyJ',
      '-----',
      'é',
      '😀',
      'password',
      ': ',
      '@',
      '.',
      'x',
    ),
    fc.string({ maxLength: 12 }),
  ),
  { maxLength: 20 },
);

function split(text: string, cuts: readonly number[]): string[] {
  const characters = Array.from(text);
  const places = [...new Set(cuts.map((cut) => cut % (characters.length + 1)))].sort((a, b) => a - b);
  const pieces: string[] = [];
  let from = 0;
  for (const place of [...places, characters.length]) {
    pieces.push(characters.slice(from, place).join(''));
    from = place;
  }
  return pieces;
}

describe('a text that arrives in pieces', () => {
  it('is found to hold what the whole text holds, for any split', () => {
    fc.assert(
      fc.property(words, fc.array(fc.nat(), { maxLength: 30 }), (parts, cuts) => {
        const text = parts.join('');
        expect(scanPieces(split(text, cuts)).findings).toEqual(scanText(text, PATTERNS));
      }),
      { numRuns: 500 },
    );
  });

  it('finds the same when split at every character', () => {
    for (const secret of SECRETS) {
      const text = `before ${secret} after`;
      expect(scanPieces(Array.from(text)).findings).toEqual(scanText(text, PATTERNS));
      expect(scanPieces(Array.from(text)).findings).not.toHaveLength(0);
    }
  });

  it('never releases the beginning of something that turns out to be a finding', () => {
    fc.assert(
      fc.property(words, fc.array(fc.nat(), { maxLength: 30 }), (parts, cuts) => {
        const text = parts.join('');
        const pieces = split(text, cuts);
        const spans = scanText(text, PATTERNS).map(({ span }) => span);
        const { decided } = scanPieces(pieces);
        let arrived = 0;
        pieces.forEach((piece, index) => {
          arrived += piece.length;
          for (const [start, end] of spans)
            if (end > arrived) expect(decided[index]).toBeLessThanOrEqual(Math.max(start, 0));
        });
      }),
      { numRuns: 300 },
    );
  });

  it('releases ordinary text up to the word that is being written', () => {
    const scanner = new TextScanner(PATTERNS);
    scanner.push('The answer to your question is forty-tw');
    expect(scanner.decided).toBeGreaterThanOrEqual('The answer to your question is '.length);
  });

  it('keeps a bounded rest of a match that never ends, and finds it', () => {
    const scanner = new TextScanner(PATTERNS);
    const whole = `-----BEGIN PRIVATE KEY-----${'A'.repeat(40_000)}`;
    const found = [];
    for (let at = 0; at < whole.length; at += 7) found.push(...scanner.push(whole.slice(at, at + 7)));
    expect(found).toMatchObject([{ pattern: 'private_key' }]);
    expect(whole.length - scanner.decided).toBeLessThan(10_000);
  });

  it('treats overlong matches the same for any split', () => {
    const text = `x eyJ${'a'.repeat(30_000)} -----BEGIN PRIVATE KEY-----${'B'.repeat(20_000)} sk-${'c1'.repeat(20)} end`;
    const once = scanPieces([text]).findings;
    for (const size of [1, 7, 1_000, 4_096, 16_384]) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
        text.slice(index * size, (index + 1) * size),
      );
      expect(scanPieces(pieces).findings).toEqual(once);
    }
    expect(once).not.toHaveLength(0);
  });
});
