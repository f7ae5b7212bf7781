import type { McpServerEntry } from '@behavry/contracts';
import { serverFaults } from './server-faults';

const REMOTE: McpServerEntry = {
  id: 's',
  name: 's',
  transport: 'streamable-http',
  url: 'https://files.test/mcp?version=2',
  headers: {},
  command: null,
  args: [],
  env: {},
  enabled: true,
};
const LOCAL: McpServerEntry = {
  ...REMOTE,
  transport: 'stdio',
  url: null,
  command: 'mcp-files',
  args: ['--root', '/srv'],
};

const fieldsOf = (server: McpServerEntry): string[] => serverFaults(server).map(({ field }) => field);

describe('faults of a registered server', () => {
  it('takes servers of either transport, references and plain values', () => {
    expect(serverFaults(REMOTE)).toEqual([]);
    expect(serverFaults(LOCAL)).toEqual([]);
    const headers = {
      Authorization: 'env:BEHAVRY_SECRET_FILES_TOKEN',
      'X-Api-Key': 'file:files.key',
      'X-Team': 'blue',
    };
    expect(serverFaults({ ...REMOTE, headers })).toEqual([]);
    expect(
      serverFaults({ ...LOCAL, env: { API_TOKEN: 'file:token', LOG_LEVEL: 'debug', LANG: 'C.UTF-8' } }),
    ).toEqual([]);
  });

  it.each([
    ['Authorization', 'Bearer abc'],
    ['authorization', 'abc'],
    ['Cookie', 'a=b'],
    ['X-Api-Key', '123'],
    ['X-Auth-Token', 'x'],
    ['X-Custom', 'Basic dXNlcjpwdw=='],
    ['X-Custom', 'ghp_0123456789abcdefghijABCDEFGHIJ012345'],
    ['X-Custom', 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6'],
    ['X-Custom', 'env:HOME'],
    ['X-Custom', 'env:BEHAVRY_SECRET_'],
    ['X-Custom', 'file:../../etc/passwd'],
    ['X-Custom', 'file:/etc/passwd'],
    ['X-Custom', 'a\r\nX-Other: b'],
    ['Host', 'other.test'],
    ['Mcp-Session-Id', '1'],
  ])('refuses the header %s: %s', (name, value) => {
    expect(fieldsOf({ ...REMOTE, headers: { [name]: value } })).toEqual([`headers.${name}`]);
  });

  it('refuses a value that is no text, and a name that is none', () => {
    expect(fieldsOf({ ...REMOTE, headers: { 'X-A': 1 as unknown as string } })).toEqual(['headers.X-A']);
    expect(fieldsOf({ ...REMOTE, headers: { 'X A': 'b' } })).toEqual(['headers']);
    expect(fieldsOf({ ...LOCAL, env: { 'A-B': 'c' } })).toEqual(['env']);
  });

  it.each([
    null,
    'files.test/mcp',
    'ftp://files.test/',
    'javascript:alert(1)',
    'https://user@files.test/',
    'https://user:pw@files.test/',
    'https://files.test/#part',
    'https://files.test/?api_key=1',
    'https://files.test/?x=a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6',
    'https://files.test/\n',
  ])('refuses the url %s', (url) => {
    expect(fieldsOf({ ...REMOTE, url })).toEqual(['url']);
  });

  it.each(
    `LD_PRELOAD NODE_OPTIONS PYTHONPATH PATH BASH_ENV dyld_insert_libraries npm_config_registry npm_config_node_options
    npm_config_script_shell UV_DEFAULT_INDEX PIP_INDEX_URL PYTHONUSERBASE GIT_SSH_COMMAND DOTNET_STARTUP_HOOKS CLASSPATH
    BUN_OPTIONS HTTPS_PROXY all_proxy NODE_EXTRA_CA_CERTS HOME XDG_CONFIG_HOME`.split(/\s+/),
  )('refuses %s, which decides what code runs', (name) => {
    expect(fieldsOf({ ...LOCAL, env: { [name]: 'x' } })).toEqual([`env.${name}`]);
  });

  it("refuses a provider's key", () => {
    for (const name of ['OPENAI', 'ANTHROPIC', 'GEMINI', 'OLLAMA']) {
      const value = `env:BEHAVRY_SECRET_${name}_KEY`;
      expect(fieldsOf({ ...REMOTE, headers: { 'X-A': value } })).toEqual(['headers.X-A']);
      expect(fieldsOf({ ...LOCAL, env: { A: value } })).toEqual(['env.A']);
    }
  });

  it('refuses secrets among the arguments', () => {
    for (const arg of [
      '--token=abc',
      '--api-key=1',
      'Bearer abc',
      'ghp_0123456789abcdefghijABCDEFGHIJ012345',
    ]) {
      expect(fieldsOf({ ...LOCAL, args: ['ok', arg] })).toEqual(['args.1']);
    }
  });

  it('refuses what belongs to the other transport', () => {
    expect(fieldsOf({ ...REMOTE, command: 'x', args: ['y'], env: { A: 'b' } })).toEqual([
      'command',
      'args',
      'env',
    ]);
    expect(fieldsOf({ ...LOCAL, command: null, url: 'https://a.test', headers: { 'X-A': 'b' } })).toEqual([
      'command',
      'url',
      'headers',
    ]);
  });
});
