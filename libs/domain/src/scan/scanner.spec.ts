import fc from 'fast-check';
import { BUILT_IN_DLP_PATTERNS } from './built-in-patterns';
import { blockingFinding } from './judge-findings';
import { scanJson } from './json-scanner';
import { DlpPatternError, PatternSet, compilePattern, tenantPatterns } from './pattern-set';
import { redactJson } from './redact';
import { scanText } from './text-scanner';

const patterns = new PatternSet(BUILT_IN_DLP_PATTERNS);
const idsIn = (text: string): string[] => [
  ...new Set(scanText(text, patterns).map(({ pattern }) => pattern)),
];

// Put together at run time, so that no scanner of sources mistakes an example for a secret.
const SAMPLES: Readonly<Record<string, string>> = {
  aws_access_key_id: ['AKIA', 'IOSFODNN7EXAMPLE'].join(''),
  aws_secret_access_key: ['aws_secret_access_key = ', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'].join(''),
  github_token: `ghp_${'a1B2'.repeat(9)}`,
  gitlab_token: `glpat-${'a1B2c3D4e5'.repeat(2)}`,
  slack_token: ['xoxb-', '123456789012-abcdefABCDEF'].join(''),
  private_key: `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA'.repeat(20)}\n-----END RSA PRIVATE KEY-----`,
  jwt: ['eyJhbGciOiJSUzI1NiJ9', 'eyJzdWIiOiIxMjM0NTY3ODkwIn0', 'c2lnbmF0dXJlLXZhbHVlLWhlcmU'].join('.'),
  openai_key: `sk-proj-${'a1B2c3D4e5'.repeat(4)}`,
  anthropic_key: `sk-ant-api03-${'a1B2c3D4e5'.repeat(4)}`,
  google_api_key: `AIza${'a1B2c3D4e5'.repeat(3)}abcde`,
  stripe_key: `sk_live_${'a1B2c3D4e5'.repeat(2)}`,
  npm_token: `npm_${'a1B2c3'.repeat(6)}`,
  credit_card: '4111 1111 1111 1111',
  us_ssn: '219-09-9999',
  connection_string: 'postgres://app:s3cret@db.example.com/x',
  secret_assignment: 'api_key: abcdef123456',
  email_address: 'someone@example.com',
};

describe('the DLP scanner', () => {
  it('has an example for every built-in pattern', () => {
    expect(Object.keys(SAMPLES).sort()).toEqual(BUILT_IN_DLP_PATTERNS.map(({ id }) => id).sort());
  });

  it.each(Object.entries(SAMPLES))('finds %s inside a text', (id, sample) => {
    const found = scanText(`before ${sample} after`, patterns).find(({ pattern }) => pattern === id);
    expect(found?.span[0]).toBe(7);
  });

  it.each([
    '4111 1111 1111 1112',
    '1700000000000',
    '000-12-3456',
    '666-12-3456',
    'sk-',
    'a plain sentence',
    'commit 4111111111111111abcdef',
    'the-quick-brown-fox',
    'sk-learn-is-a-python-library-for-people',
  ])('finds nothing in %s', (text) => {
    expect(idsIn(text)).toEqual([]);
  });

  it('finds a card number behind digits that do not belong to it', () => {
    expect(idsIn('5123 4111 1111 1111 1111')).toContain('credit_card');
  });

  it('says where in a JSON value, names included, with the name as context of the value', () => {
    const value = {
      a: ['x', { 'b/c': SAMPLES['github_token'] }],
      [SAMPLES['us_ssn'] ?? '']: 1,
      password: 'hunter2hunter2',
    };
    expect(scanJson(value, patterns).listed.map(({ pattern, field }) => [pattern, field])).toEqual([
      ['github_token', '/a/1/*'],
      ['us_ssn', '/*#'],
      ['secret_assignment', '/password'],
    ]);
  });

  it('finds a card number that is a JSON number', () => {
    expect(scanJson({ card: 4111111111111111 }, patterns).listed.map(({ field }) => field)).toEqual([
      '/card',
    ]);
  });

  it('blocks for high and critical, not for medium and low', () => {
    const severityBlocks = (text: string): boolean => blockingFinding(scanText(text, patterns)) !== undefined;
    expect(severityBlocks(SAMPLES['jwt'] ?? '')).toBe(true);
    expect(severityBlocks(SAMPLES['secret_assignment'] ?? '')).toBe(false);
    expect(severityBlocks(SAMPLES['email_address'] ?? '')).toBe(false);
  });

  it('redacts to JSON of the same shape in which nothing is found any more', () => {
    const leaves = fc.oneof(fc.constantFrom(...Object.values(SAMPLES)), fc.string(), fc.integer());
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaves,
        fc.array(tie('tree')),
        fc.dictionary(fc.string(), tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const redacted = redactJson(value, patterns);
        expect(scanJson(redacted, patterns).listed.filter(({ severity }) => severity !== 'medium')).toEqual(
          [],
        );
        expect(shapeOf(redacted)).toEqual(shapeOf(value));
      }),
      { numRuns: 60 },
    );
  });

  it('lets a tenant replace, switch off and add patterns', () => {
    const entry = { name: 'n', severity: 'high', tags: [], validator: null, enabled: true } as const;
    const own = new PatternSet(
      tenantPatterns([
        { ...entry, id: 'email_address', pattern: 'unused', enabled: false },
        { ...entry, id: 'badge', pattern: '\\bB-\\d{6}\\b' },
      ]),
    );
    expect(scanText('a@example.com B-123456', own).map(({ pattern }) => pattern)).toEqual(['badge']);
  });

  it.each([['('], ['^x'], ['x$'], ['\\Ax'], ['x*'], ['(?=x)'], ['[^x]$']])(
    'refuses the pattern %s',
    (pattern) => {
      expect(() => compilePattern({ id: 'p', name: 'p', pattern, severity: 'low', tags: [] })).toThrow(
        DlpPatternError,
      );
    },
  );

  it.each([['[^x]{3}'], ['\\$\\d+'], ['[$^]+']])('accepts the pattern %s', (pattern) => {
    expect(compilePattern({ id: 'p', name: 'p', pattern, severity: 'low', tags: [] }).id).toBe('p');
  });

  it('stays fast on a text made to be slow', () => {
    const hostile = '4111 1111 '.repeat(20_000);
    expect(idsIn(hostile).length).toBeLessThan(3);
  });
});

function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value === 'object' && value !== null) return Object.values(value).map(shapeOf);
  return typeof value;
}
