import { judgeModule } from './judge-module';
import { packageOf } from './policy-package';

const place = (text: string) => {
  const result = packageOf(`package ${text}`, text.split('.')[1] ?? '');
  if (!result.ok) throw new Error(result.fault.message);
  return result.package;
};
const ref = (path: string): object => ({
  type: 'ref',
  value: path.split('.').map((value, index) => ({ type: index === 0 ? 'var' : 'string', value })),
});
const text = (value: string): object => ({ type: 'string', value });
const call = (operator: string, ...operands: object[]): object => ({ terms: [ref(operator), ...operands] });
const contains = (name: string, ...body: object[]): object => ({
  head: { name, key: { type: 'object', value: [] }, ref: [{ type: 'var', value: name }] },
  body,
  location: { row: 4, col: 1 },
});
const is = (name: string, value: unknown, more: object = {}): object => ({
  head: { name, value: { type: 'boolean', value }, ref: [{ type: 'var', value: name }] },
  body: [],
  location: { row: 5, col: 2 },
  ...more,
});
const parsed = (name: string, rules: object[], custom?: object): object => ({
  package: { path: ['data', ...name.split('.')].map((value) => ({ type: 'string', value })) },
  annotations: custom ? [{ scope: 'package', custom }] : [],
  rules,
});
const FULL = 'behavry.base.x';
const SIMPLE = 'behavry.authz.x';
const tool = ref('input.request.tool_name');

describe('a policy concerns', () => {
  const concerns = (rules: object[], custom?: object, name = FULL): unknown => {
    const { concerns: found, faults } = judgeModule(parsed(name, rules, custom), place(name));
    expect(faults).toEqual([]);
    return found.everything ? 'everything' : [found.tools, found.servers, found.actions, found.when];
  };

  it.each([
    ['the tool of an equality', [contains('allow', call('equal', tool, text('a')))], [['a'], [], [], []]],
    ['it from either side', [contains('allow', call('equal', text('a'), tool))], [['a'], [], [], []]],
    [
      'the tools of a list',
      [contains('deny', call('internal.member_2', tool, { type: 'set', value: [text('a'), text('b')] }))],
      [['a', 'b'], [], [], []],
    ],
    [
      'the server',
      [contains('deny', call('equal', ref('input.request.mcp_server'), text('s')))],
      [[], ['s'], [], []],
    ],
    [
      'verbs and classes',
      [contains('deny', call('equal', ref('input.request.action_class'), text('delete')))],
      [[], [], ['delete'], []],
    ],
    [
      'the union of its rules',
      [contains('allow', call('equal', tool, text('a'))), contains('deny', call('equal', tool, text('b')))],
      [['a', 'b'], [], [], []],
    ],
    ['nothing without rules', [], [[], [], [], []]],
    [
      'everything when one rule has no such expression',
      [contains('allow', call('equal', tool, text('a'))), contains('deny')],
      'everything',
    ],
    [
      'everything under not',
      [contains('allow', { ...call('equal', tool, text('a')), negated: true })],
      'everything',
    ],
    [
      'everything under with',
      [contains('allow', { ...call('equal', tool, text('a')), with: [{}] })],
      'everything',
    ],
    [
      'everything when compared with a variable',
      [contains('allow', call('equal', tool, { type: 'var', value: 'x' }))],
      'everything',
    ],
    [
      'everything when a list is not all text',
      [
        contains(
          'allow',
          call('internal.member_2', tool, {
            type: 'set',
            value: [ref('input.a'), { type: 'var', value: 'x' }],
          }),
        ),
      ],
      'everything',
    ],
    [
      'everything for another operator',
      [contains('allow', call('startswith', tool, text('a')))],
      'everything',
    ],
    [
      'everything for constructor',
      [contains('allow', call('equal', ref('constructor'), text('a')))],
      'everything',
    ],
  ])('%s', (_what, rules, expected) => {
    expect(concerns(rules)).toEqual(expected);
  });

  it('what its metadata declares, before anything else', () => {
    expect(concerns([contains('deny')], { tools: ['t'], when: ['dlp'] })).toEqual([['t'], [], [], ['dlp']]);
    expect(concerns([contains('deny')], { other: 1 })).toBe('everything');
  });

  it('in the simple form the same, defaults that are false left out', () => {
    const rule = is('allow', true, { body: [call('equal', tool, text('a'))] });
    expect(concerns([is('allow', false, { default: true }), rule], undefined, SIMPLE)).toEqual([
      ['a'],
      [],
      [],
      [],
    ]);
    expect(concerns([is('allow', true, { default: true })], undefined, SIMPLE)).toBe('everything');
    expect(
      concerns([is('allow', true, { body: [call('equal', tool, text('a'))], else: {} })], undefined, SIMPLE),
    ).toBe('everything');
  });
});

describe('of a policy is known', () => {
  const reasons = (...keys: object[]): boolean | undefined =>
    judgeModule(
      parsed(
        FULL,
        keys.map((key) => ({ head: { name: 'deny', key, ref: [{ type: 'var', value: 'deny' }] }, body: [] })),
      ),
      place(FULL),
    ).concerns.isReasonConstant;
  const entry = (...members: [object, object][]): object => ({ type: 'object', value: members });

  it('which verdicts it has rules for', () => {
    const rules = [contains('allow'), contains('deny'), contains('deny'), contains('helper')];
    expect(judgeModule(parsed(FULL, rules), place(FULL)).concerns.kinds).toEqual(['deny', 'allow']);
  });

  it('whether all its reasons are constants', () => {
    expect(reasons(entry([text('reason'), text('r')]), entry([text('policy'), ref('input.x')]))).toBe(true);
    expect(reasons(entry([text('reason'), text('r')]), entry([text('reason'), ref('input.x')]))).toBe(false);
    expect(reasons(entry([text('reason'), { type: 'call', value: [] }]))).toBe(false);
    expect(reasons(entry([ref('input.key'), text('r')]))).toBe(false);
    expect(reasons({ type: 'var', value: 'entry' })).toBe(false);
  });

  it('whether it can judge a call of which something was left out', () => {
    const judges = (custom?: object): boolean | undefined =>
      judgeModule(parsed(FULL, [contains('allow')], custom), place(FULL)).concerns.judgesTruncated;
    expect([judges({ truncated: true }), judges({ truncated: false }), judges()]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('a policy is refused', () => {
  const fault = (name: string, rules: object[], custom?: object, real = name): string =>
    judgeModule(parsed(real, rules, custom), place(name))
      .faults.map(({ code, row }) => `${code}@${String(row)}`)
      .join();

  it('when a contribution could not be heard', () => {
    expect(fault(FULL, [is('deny', true)])).toBe('contribution_shape@5');
    expect(fault(FULL, [{ head: { name: 'deny', ref: [{ value: 'deny' }, { value: 'x' }], key: {} } }])).toBe(
      'contribution_shape@1',
    );
    expect(fault(SIMPLE, [contains('deny')])).toBe('contribution_shape@4');
    expect(fault(SIMPLE, [is('restrict', true)])).toBe('contribution_shape@5');
    expect(fault(SIMPLE, [is('deny', 'yes')])).toBe('contribution_shape@5');
  });

  it.each([
    ['a set', [text('rm'), ref('input.y')], 'membership_mixed@7'],
    ['a list with a variable', [text('rm'), { type: 'var', value: 'y' }], 'membership_mixed@7'],
    [
      'an item that is not all constant',
      [text('rm'), { type: 'array', value: [ref('input.y')] }],
      'membership_mixed@7',
    ],
    ['constants alone', [text('rm'), { type: 'array', value: [text('x')] }], ''],
    ['references alone', [ref('input.x'), ref('input.y')], ''],
  ])('for a membership test in %s that an older OPA leaves out', (_what, items, expected) => {
    const membership = [ref('internal.member_2'), tool, { type: 'set', value: items }];
    const test = {
      terms: membership,
      location: { row: 7, col: 3 },
    };
    expect(fault(FULL, [contains('deny', test)])).toBe(expected);
    const nested = { terms: { type: 'setcomprehension', value: { term: text('x'), body: [test] } } };
    expect(fault(FULL, [contains('deny', nested)])).toBe(expected);
    expect(
      fault(FULL, [contains('deny', { terms: { symbols: [{ type: 'call', value: membership }] } })]),
    ).toBe('');
  });

  it('when its metadata is no list of texts', () => {
    expect(fault(FULL, [], { tools: 'x' })).toBe('metadata_invalid@1');
    expect(fault(FULL, [], { when: ['moonlight'] })).toBe('metadata_invalid@1');
    expect(fault(FULL, [], { truncated: 'yes' })).toBe('metadata_invalid@1');
  });

  it('when OPA reads another package than its place', () => {
    expect(fault(FULL, [], undefined, 'behavry.base.y')).toBe('package_invalid@1');
  });
});
