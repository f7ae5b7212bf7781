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

  it('shows names of members only when they are plain and hold nothing', () => {
    const card = 4111111111111111;
    const value = {
      plain_name: {
        'a b': card,
        [SAMPLES['npm_token'] ?? '']: card,
        [SAMPLES['aws_access_key_id'] ?? '']: { deep: [card] },
      },
      '1234': card,
      __proto: [card],
      'x@example.com': { y: card },
    };
    const fields = scanJson(value, patterns).listed.map(({ pattern, field }) => [pattern, field]);
    expect(fields).toEqual([
      ['credit_card', '/1234'],
      ['credit_card', '/plain_name/*'],
      ['npm_token', '/plain_name/*#'],
      ['credit_card', '/plain_name/*'],
      ['aws_access_key_id', '/plain_name/*#'],
      ['credit_card', '/plain_name/*/deep/0'],
      ['credit_card', '/__proto/0'],
      ['email_address', '/*#'],
      ['credit_card', '/*/y'],
    ]);
  });

  it('shows no name that is a finding, whatever stands in it', () => {
    const { listed } = scanJson(
      { [SAMPLES['aws_access_key_id'] ?? '']: SAMPLES['aws_access_key_id'] },
      patterns,
    );
    expect(listed.map(({ field }) => field)).toEqual(['/*#', '/*']);
  });

  it('lists a hundred findings, counts the others and never misses the one that blocks', () => {
    const value = [...Array.from({ length: 5_000 }, () => 'a@b.co,'), SAMPLES['jwt']];
    const { listed, counts, blocking } = scanJson(value, patterns);
    expect(listed).toHaveLength(100);
    expect(listed).toContain(blocking);
    expect(blocking?.pattern).toBe('jwt');
    expect(counts).toEqual({ email_address: 5_000, jwt: 1 });
    expect(scanJson(value.slice(0, 100), patterns).counts).toEqual({});
  });

  it('takes out every finding, listed or not, and the rest of a text with too many', () => {
    const many = [...Array.from({ length: 300 }, () => 'a@b.co'), 'kept', `${'a@b.co '.repeat(150)}kept?`];
    const redacted = redactJson(many, patterns) as string[];
    expect(JSON.stringify(redacted)).not.toContain('@');
    expect(redacted[300]).toBe('kept');
    expect(redacted[301]).not.toContain('kept');
  });

  it('keeps a member named __proto__ and makes names distinct', () => {
    const value: unknown = JSON.parse(
      '{"__proto__": "a@b.co", "c@d.co": 1, "e@f.co": 2, "[REDACTED:email_address]": 3}',
    );
    const redacted = redactJson(value, patterns) as object;
    expect(Object.entries(redacted)).toEqual([
      ['__proto__', '[REDACTED:email_address]'],
      ['[REDACTED:email_address]_2', 1],
      ['[REDACTED:email_address]_3', 2],
      ['[REDACTED:email_address]', 3],
    ]);
  });

  it('walks values of any depth, and finds and takes out what lies deepest', () => {
    let value: unknown = { secret: SAMPLES['github_token'] };
    for (let depth = 0; depth < 200_000; depth++) value = depth % 2 === 0 ? [value] : { a: value };
    expect(scanJson(value, patterns).blocking?.pattern).toBe('github_token');
    const redacted = redactJson(value, patterns);
    expect(JSON.stringify(redacted)).not.toContain(SAMPLES['github_token']);
  });

  it('shares what holds nothing with the value that came', () => {
    const value = { a: { b: ['plain'] }, c: 'a@b.co' };
    const redacted = redactJson(value, patterns) as typeof value;
    expect(redacted.a).toBe(value.a);
    expect(redactJson(value.a, patterns)).toBe(value.a);
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
