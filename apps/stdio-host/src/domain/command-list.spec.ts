import { commandRefusal, readCommandList, type CommandLine } from './command-list';

const read = (list: unknown, target = ''): ReturnType<typeof readCommandList> =>
  readCommandList(JSON.stringify(list), (command) => target || command);
const refusal = (list: unknown, asked: Partial<CommandLine>): string | undefined => {
  const { commands, faults } = read(list);
  expect(faults).toEqual([]);
  return commandRefusal(commands, {
    serverId: 'fs',
    command: '/opt/mcp-fs',
    args: [],
    variables: [],
    ...asked,
  });
};

const LIST = [
  {
    command: '/opt/mcp-fs',
    args: ['--root', { pattern: '/srv/[a-z]+' }],
    env: ['LOG_LEVEL', 'API_TOKEN'],
    servers: ['fs', 'fs2'],
  },
  { command: '/opt/mcp-fs', args: [], env: ['MODE'] },
  { command: '/usr/bin/node', args: ['/opt/x/index.js', 'stdio'] },
];

describe('the list of commands', () => {
  it.each([
    ['fixed and matching arguments', { args: ['--root', '/srv/docs'] }],
    ['allowed variables', { args: ['--root', '/srv/docs'], variables: ['LOG_LEVEL', 'API_TOKEN'] }],
    ['another entry of the same command', { variables: ['MODE'] }],
    ['an interpreter with its program', { command: '/usr/bin/node', args: ['/opt/x/index.js', 'stdio'] }],
  ])('allows %s', (_what, asked) => {
    expect(refusal(LIST, asked)).toBeUndefined();
  });

  it.each([
    ['a command that is not listed', { command: '/bin/sh' }],
    ['a command by its name alone', { command: 'mcp-fs' }],
    ['code for an interpreter', { command: '/usr/bin/node', args: ['-e', 'process.exit()'] }],
    ['another program for an interpreter', { command: '/usr/bin/node', args: ['/tmp/evil.js', 'stdio'] }],
    ['an interpreter alone', { command: '/usr/bin/node', args: [] }],
    ['one argument more', { args: ['--root', '/srv/docs', '/etc'] }],
    ['an argument that only contains the pattern', { args: ['--root', '/srv/docs/../../etc'] }],
    ['an argument on two lines', { args: ['--root', '/srv/docs\n/etc'] }],
    ['a variable that is not listed', { args: ['--root', '/srv/docs'], variables: ['NODE_OPTIONS'] }],
    ['a variable of another entry', { args: ['--root', '/srv/docs'], variables: ['MODE'] }],
    ['another server', { serverId: 'other', args: ['--root', '/srv/docs'] }],
  ])('refuses %s', (_what, asked) => {
    expect(refusal(LIST, asked)).toEqual(expect.any(String));
  });

  it('allows nothing when it is empty', () => {
    expect(refusal([], {})).toBe('the command of server fs is not on the list of commands');
  });

  it.each([
    ['an interpreter without a program', { command: '/usr/bin/node' }],
    ['an interpreter with a version', { command: '/usr/bin/python3.11', args: [{ pattern: '.*' }] }],
    ['an interpreter with any program', { command: '/usr/bin/node', args: [{ pattern: '/opt/.*' }] }],
    ['an option before what is free', { command: '/bin/sh', args: ['-c', { pattern: '.*' }] }],
    ['a package runner with a free package', { command: '/usr/bin/npx', args: ['-y', { pattern: '.*' }] }],
    ['containers with free options', { command: '/usr/bin/docker', args: ['run', { pattern: '.*' }] }],
    ['what starts other programs', { command: '/usr/bin/env' }],
    ['a relative command', { command: 'node', args: ['/x.js'] }],
    ['a pattern that is none', { command: '/opt/x', args: [{ pattern: '(' }] }],
    ['look-behind, which RE2 has not', { command: '/opt/x', args: [{ pattern: '(?<=a)b' }] }],
    ['a loader variable', { command: '/opt/x', env: ['NODE_OPTIONS'] }],
    ['a loader variable in small letters', { command: '/opt/x', env: ['npm_config_registry'] }],
    ["the host's own variable", { command: '/opt/x', env: ['LANG'] }],
    ['an unknown member', { command: '/opt/x', arguments: [] }],
    ['no object', 'node'],
  ])('is refused at the start: %s', (_what, entry) => {
    const { commands, faults } = read([entry]);
    expect([commands, faults.length]).toEqual([[], 1]);
    expect(faults[0]).toMatch(/^entry 1: .{20}/);
  });

  it('knows an interpreter behind a link', () => {
    expect(
      read([{ command: '/opt/tool', args: [{ pattern: '.*' }] }], '/usr/bin/python3.12').faults,
    ).toHaveLength(1);
    expect(
      read([{ command: '/opt/tool', args: ['/opt/tool.py', { pattern: '.*' }] }], '/usr/bin/python3').faults,
    ).toEqual([]);
  });

  it.each(['', 'npx,node', '{"command":"/x"}', '[{"command":"/a","command":"/b"}]'])(
    '"%s" is no list',
    (text) => {
      expect(readCommandList(text, (command) => command).faults).toEqual([
        expect.stringMatching(/JSON array/),
      ]);
    },
  );
});
