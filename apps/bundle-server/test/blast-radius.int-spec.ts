import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { BLAST_RADIUS_DEFAULTS, judgeBlastRadius, type ActionClass } from '@behavry/domain';
import { describeWithOpa, opaForTests, tempDir, workspaceRoot } from '@behavry/testing';

interface Call {
  readonly action_class: ActionClass;
  readonly resource: string;
  readonly resource_count: number;
  readonly parameters: unknown;
}

interface Said {
  readonly deny: { reason: string }[];
  readonly escalate: { reason: string }[];
}

const RADIUS = join(workspaceRoot(), 'policies', 'base', 'blast_radius.rego');
const QUERY = `[said |
  some request in input
  said := {
    "deny": data.behavry.base.blast_radius.deny,
    "escalate": data.behavry.base.blast_radius.escalate,
  } with input as {"request": request}
]`;

const part = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'srv', 'x.txt', '..', '.', '', '*', '**') },
  fc.constantFrom(
    'etc',
    'root',
    'home',
    'Users',
    '~',
    '$HOME',
    '.ssh',
    '.env',
    '.env.local',
    'MEMORY.md',
    'soul',
  ),
  fc.constantFrom('%2e%2e', '%2F', '%zz', '%ff', 'a+b', '\u0000', ' ', 'é', 'a\nb.c', 'C:', 'ſ'),
);
const path = fc
  .tuple(
    fc.constantFrom(
      '/',
      '',
      '~/',
      'file:///',
      'file:/',
      'FILE://host/',
      ' /',
      '\t/',
      '\u00a0/',
      'C:\\',
      'https://x/',
    ),
    fc.array(part, { maxLength: 14 }),
    fc.constantFrom('/', '\\'),
  )
  .map(([root, parts, by]) => root + parts.join(by));
const addresses = fc.oneof(
  fc.array(fc.constantFrom('a@b.c', 'd@e.f'), { maxLength: 13 }),
  fc.array(fc.constantFrom('a@b.c', ' ', '\u00a0', ''), { maxLength: 13 }).map((list) => list.join(';')),
  fc.array(fc.record({ email: fc.constant('a@b.c') }), { maxLength: 13 }),
);
const name = fc.constantFrom(
  ...[
    'path',
    'paths',
    'PATH',
    'fileName',
    'file-path',
    'source_file',
    'targetDir',
    'sourceFolder',
    'uri',
    'files',
  ],
  ...[
    'profile_name',
    'to',
    'Cc',
    'recipients',
    'options',
    'edits',
    'content',
    'x',
    '__proto__',
    'myFILE',
    'pathſ',
  ],
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 9, depthSize: 'large' },
    path,
    addresses,
    fc.constantFrom(null, 1, true, ''),
    fc.array(path, { minLength: 1, maxLength: 60 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const many = fc.integer({ min: 49, max: 53 }).map((count) => ({
  edits: Array.from({ length: count }, (_, index) => ({ path: `/srv/a/b/${String(index)}` })),
}));
const call: fc.Arbitrary<Call> = fc.record({
  action_class: fc.constantFrom('read', 'write', 'delete', 'execute', 'send', 'unknown'),
  resource: fc.oneof(fc.constant(''), path),
  resource_count: fc.constantFrom(1, 50, 51),
  parameters: fc.oneof(
    { weight: 9, arbitrary: fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true }) },
    { weight: 9, arbitrary: value },
    many,
  ),
});

describeWithOpa('the blast radius in process and in Rego', () => {
  it('say the same of any call', async () => {
    const command = await opaForTests();
    const data = join(tempDir(), 'data.json');
    writeFileSync(data, JSON.stringify({ behavry: { settings: { blast_radius: BLAST_RADIUS_DEFAULTS } } }));
    // Through JSON, as the call goes to OPA: both sides judge the same text.
    const calls = fc.sample(call, 1_500).map((made) => JSON.parse(JSON.stringify(made)) as Call);
    const output = execFileSync(
      command,
      ['eval', '--format', 'raw', '--stdin-input', '--data', RADIUS, '--data', data, QUERY],
      { input: JSON.stringify(calls), encoding: 'utf8', maxBuffer: 1 << 28, timeout: 60_000 },
    );
    const said = JSON.parse(output) as Said[];
    expect(said).toHaveLength(calls.length);
    const verdicts = new Set<string>();
    for (const [index, { action_class, resource, resource_count, parameters }] of calls.entries()) {
      const found = judgeBlastRadius(
        { actionClass: action_class, resource, resourceCount: resource_count, arguments: parameters },
        BLAST_RADIUS_DEFAULTS,
      );
      const { deny = [], escalate = [] } = said[index] ?? {};
      const verdict = deny.length > 0 ? 'deny' : escalate.length > 0 ? 'escalate' : undefined;
      expect([calls[index], found?.verdict]).toEqual([calls[index], verdict]);
      if (found) {
        expect([...deny, ...escalate].map(({ reason }) => reason)).toContain(found.reason);
        verdicts.add(found.rule);
      }
    }
    // The calls were hostile enough to reach every rule.
    expect([...verdicts].sort()).toEqual(
      [
        'bulk_action',
        'config_write',
        'many_paths',
        'many_recipients',
        'protected_file',
        'shallow_delete',
      ].sort(),
    );
  }, 120_000);

  it('take a call of hundreds of long paths in a moment', async () => {
    const command = await opaForTests();
    const data = join(tempDir(), 'data.json');
    writeFileSync(data, JSON.stringify({ behavry: { settings: { blast_radius: BLAST_RADIUS_DEFAULTS } } }));
    const long = (index: number): string => `/${'d/'.repeat(45)}../${String(index)}`;
    const costly = [50, 400].map((count) => ({
      action_class: 'write',
      resource: '',
      resource_count: 1,
      parameters: { paths: Array.from({ length: count }, (_, index) => long(index)) },
    }));
    const from = performance.now();
    execFileSync(
      command,
      [
        'eval',
        '--format',
        'raw',
        '--stdin-input',
        '--data',
        RADIUS,
        '--data',
        data,
        '--timeout',
        '2s',
        QUERY,
      ],
      { input: JSON.stringify(costly) },
    );
    expect(performance.now() - from).toBeLessThan(3_000);
  }, 20_000);
});
