import type { Finding } from '@behavry/contracts';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { BUILT_IN_DLP_PATTERNS } from './built-in-patterns';
import type { DlpPattern } from './dlp-pattern';
import { PatternSet } from './pattern-set';
import { Redaction, redactText } from './redact';
import { MAX_MATCH } from './rule-search';
import { byPlace, TextScanner, scanText } from './text-scanner';

const PATTERNS = new PatternSet(BUILT_IN_DLP_PATTERNS);

/** Patterns as tenants write them: literal first, in the middle, none, folded, lazy, beyond ASCII. */
const OWN: readonly DlpPattern[] = [
  String.raw`\bB-\d{2,4}\b`,
  String.raw`(?i)kost[- ]?stelle\s{0,3}[:=]?\s{0,3}\d{2,6}`,
  String.raw`\d{1,3}(?:,\d{3})* ?(?:EUR|USD)`,
  String.raw`[a-z]{1,8}-?[a-z]{0,8}#\d+`,
  String.raw`<<.*?>>`,
  String.raw`<<[^>]*>?>`,
  String.raw`\p{Lu}\p{Ll}+straße \d+`,
  String.raw`(?i)ſecret[^s]s`,
  String.raw`x[a-z-]*\.y`,
  String.raw`(?:ab|abc|a)(?:c|bcd)?d*`,
  String.raw`\B\d\d\B`,
  String.raw`😀{1,3}!`,
  String.raw`[^a]ü.`,
].map((pattern, index) => ({
  id: `own_${String(index).padStart(2, '0')}`,
  name: 'own',
  pattern,
  severity: 'low',
  tags: [],
}));

function scanPieces(
  pieces: readonly string[],
  patterns = PATTERNS,
): { findings: Finding[]; decided: number[] } {
  const scanner = new TextScanner(patterns);
  const findings: Finding[] = [];
  const decided: number[] = [];
  for (const piece of pieces) {
    findings.push(...scanner.push(piece));
    decided.push(scanner.decided);
  }
  findings.push(...scanner.end());
  decided.push(scanner.decided);
  return { findings, decided };
}

/** What a search without gates finds: RE2 itself, pattern by pattern, without validators. */
const REGEXES = new Map<string, RE2JS>();

function searchedPlainly(text: string, patterns: readonly DlpPattern[]): Finding[] {
  return patterns
    .flatMap(({ id, pattern, severity }) => {
      const regex = REGEXES.get(pattern) ?? RE2JS.compile(pattern);
      REGEXES.set(pattern, regex);
      const matcher = regex.matcher(text);
      const found: Finding[] = [];
      for (let from = 0; from < text.length && matcher.find(from); from = matcher.end()) {
        found.push({ pattern: id, severity, field: '', span: [matcher.start(), matcher.end()] });
      }
      return found;
    })
    .sort(byPlace);
}

const SECRETS = [
  ['AKIA', 'IOSFODNN7EXAMPLE'].join(''),
  ['sk-proj-', 'abcdefghijklmnopqrst12345'].join(''),
  '4111 1111 1111 1111',
  '5123 4111 1111 1111 1111',
  '123-45-6789',
  'someone@example.com',
  'a.b.c-d@x.y.z.example.co',
  ['password = ', 'hunter2hunter2'].join(''),
  ['postgres://u:', 'secret@db'].join(''),
  `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${'c2ln'.repeat(80)}`,
  ['-----BEGIN RSA PRIVATE', ' KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----'].join(''),
];

const FRAGMENTS = [
  'the ', 'sk-', 'AKIA', ' ', '\n', '4111 ', 'eyJ', '-----', 'é', '😀', '\ud83d', '\ude00', 'password', ': ', '@', '.', 'x', '=',
  'B-12', 'Koſtstelle', 'kost-', '12', '1,234', ' EUR', 'ab-c#', '<<', '>>', '>', 'Bergstraße 4', 'secretSs', 'ſecretas', 'x-x-',
  'x'.repeat(40), '.y', 'abc', 'abcd', '!', 'ü', 'K', '_',
]; // prettier-ignore

const words = fc
  .array(fc.oneof(fc.constantFrom(...SECRETS), fc.constantFrom(...FRAGMENTS), fc.string({ maxLength: 12 })), {
    maxLength: 24,
  })
  .map((parts) => parts.join(''));

/** Cuts at any code unit, in the middle of a surrogate pair too. */
function split(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  return [...places, text.length].map((place) => text.slice(from, (from = place)));
}

const cuts = fc.array(fc.nat(), { maxLength: 30 });

describe('the search', () => {
  const bare = [
    ...BUILT_IN_DLP_PATTERNS.map(({ id, name, pattern, severity, tags }) => ({
      id,
      name,
      pattern,
      severity,
      tags,
    })),
    ...OWN,
  ];
  const bareSet = new PatternSet(bare);

  it('finds what RE2 finds without any gate, on random mixtures', () => {
    fc.assert(
      fc.property(words, (text) => {
        expect(scanText(text, bareSet)).toEqual(searchedPlainly(text, bare));
      }),
      { numRuns: 600 },
    );
  });

  it('finds what RE2 finds where many attempts go the same way', () => {
    const run = fc.array(
      fc.constantFrom('x-', 'eyJ', 'eyJabcdefgh', '-', 'a', 'x', '.eyJ', '.', '.y', 'sk-a1', 'a@b.', '1 '),
      {
        minLength: 60,
        maxLength: 300,
      },
    );
    fc.assert(
      fc.property(run, (parts) => {
        const text = parts.join('');
        expect(scanText(text, bareSet)).toEqual(searchedPlainly(text, bare).filter(isListed()));
      }),
      { numRuns: 150 },
    );
  });

  it('knows a literal to begin with for every built-in pattern but those of digits and addresses', () => {
    const gates = PATTERNS.patterns.map(
      ({ id, gate }) => [id, Math.min(...gate.literals.map(({ length }) => length))] as const,
    );
    expect(gates.filter(([, length]) => length < 4).map(([id]) => id)).toEqual([
      'credit_card',
      'us_ssn',
      'email_address',
    ]);
  });
});

/** Leaves out what stands behind the first hundred of a pattern. */
function isListed(): (finding: Finding) => boolean {
  const counts = new Map<string, number>();
  return ({ pattern }) => {
    counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
    return (counts.get(pattern) ?? 0) <= 100;
  };
}

describe('a text that arrives in pieces', () => {
  const set = new PatternSet([...BUILT_IN_DLP_PATTERNS, ...OWN]);

  it('is found to hold what the whole text holds, for any split', () => {
    fc.assert(
      fc.property(words, cuts, (text, places) => {
        expect(scanPieces(split(text, places), set).findings).toEqual(scanText(text, set));
      }),
      { numRuns: 600 },
    );
  });

  it('finds the same when split at every character', () => {
    for (const secret of SECRETS) {
      const text = `before ${secret} after`;
      expect(scanPieces(text.split('')).findings).toEqual(scanText(text, PATTERNS));
      expect(scanPieces(text.split('')).findings).not.toHaveLength(0);
    }
  });

  it('never releases the beginning of something that turns out to be a finding, nor takes anything back', () => {
    fc.assert(
      fc.property(words, cuts, (text, places) => {
        const pieces = split(text, places);
        const spans = scanText(text, set).map(({ span }) => span);
        const { decided } = scanPieces(pieces, set);
        expect(decided).toEqual([...decided].sort((a, b) => a - b));
        let arrived = 0;
        pieces.forEach((piece, index) => {
          arrived += piece.length;
          for (const [start, end] of spans)
            if (end > arrived) expect(decided[index]).toBeLessThanOrEqual(start);
        });
        expect(decided.at(-1)).toBe(text.length);
      }),
      { numRuns: 400 },
    );
  });

  it('reads redacted, piece by piece, as the whole text redacted', () => {
    fc.assert(
      fc.property(words, cuts, (text, places) => {
        const scanner = new TextScanner(set);
        const redaction = new Redaction();
        let released = 0;
        let out = '';
        const release = (findings: readonly Finding[]): void => {
          redaction.add(findings);
          out += redaction.apply(text.slice(released, scanner.decided), released);
          released = scanner.decided;
        };
        for (const piece of split(text, places)) release(scanner.push(piece));
        release(scanner.end());
        expect(out).toBe(redactText(text, scanText(text, set)));
      }),
      { numRuns: 300 },
    );
  });

  it('takes out the rest of a text in which a pattern is found more often than is listed', () => {
    const text = Array.from(
      { length: 105 },
      (_, index) => `AKIA${'ABCDEFGHIJKLMNOP'.slice(index % 9)}${'QRSTUVWXY'.slice(0, index % 9)}`,
    ).join(' ');
    const scanner = new TextScanner(PATTERNS);
    const redaction = new Redaction();
    let out = '';
    for (let at = 0; at < text.length; at += 11) {
      const from = scanner.decided;
      redaction.add(scanner.push(text.slice(at, at + 11)));
      out += redaction.apply(text.slice(from, scanner.decided), from);
    }
    const from = scanner.decided;
    redaction.add(scanner.end());
    out += redaction.apply(text.slice(from), from);
    expect(out).not.toContain('AKIA');
    expect(out).toBe(redactText(text, scanText(text, PATTERNS)));
    expect(scanner.counts().get('aws_access_key_id')).toBe(105);
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
    let held = 0;
    for (let at = 0; at < whole.length; at += 7) {
      found.push(...scanner.push(whole.slice(at, at + 7)));
      held = Math.max(held, at + 7 - scanner.decided);
    }
    expect(found).toMatchObject([{ pattern: 'private_key' }]);
    expect(held).toBeLessThanOrEqual(MAX_MATCH + 7 + 64);
  });

  it('treats overlong matches the same for any split', () => {
    const text = `x eyJ${'a'.repeat(30_000)} -----BEGIN PRIVATE KEY-----${'B'.repeat(20_000)} sk-${'c1'.repeat(20)} end${'-eyJ'.repeat(6_000)}`;
    const once = scanPieces([text]).findings;
    expect(once).toEqual(scanText(text, PATTERNS));
    for (const size of [1, 7, 1_000, 4_096, 16_384]) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
        text.slice(index * size, (index + 1) * size),
      );
      expect(scanPieces(pieces).findings).toEqual(once);
    }
    expect(once).not.toHaveLength(0);
  });
});
