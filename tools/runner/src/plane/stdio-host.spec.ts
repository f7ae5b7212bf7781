import { tmpdir } from 'node:os';
import { ProcessLedger } from '@behavry/components';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { PlanePorts } from '../runner/ports';
import type { PlaneSettings } from './plane-settings';
import { hostEnv } from './stdio-host';

const folder = mkdtempSync(join(tmpdir(), 'plane-'));
const settings: PlaneSettings = {
  name: 'data',
  mode: 'data-plane',
  ports: new PlanePorts(8100),
  root: folder,
  dataDir: folder,
  secretsDir: join(folder, 'secrets'),
  socketFolder: folder,
  tenantId: 't',
  deploymentId: 'd',
  adminPassword: 'p',
  opaCommand: 'opa',
  ledger: new ProcessLedger(join(folder, 'processes.json')),
  link: {},
  replicas: 1,
  hasDemoUpstreams: false,
  say: () => undefined,
  onProcess: () => undefined,
};

describe("stdio-host's environment", () => {
  it('holds its own variables and the secrets of its servers, nothing of the plane', () => {
    const env = hostEnv(settings, {
      BEHAVRY_DB_URL: 'postgres://x',
      BEHAVRY_SECRETS_DIR: '/plane',
      BEHAVRY_SECRET_OPENAI_KEY: 'sk',
      BEHAVRY_SECRET_A: 'a',
      BEHAVRY_SECRET_A_SERVERS: 'files',
      BEHAVRY_SECRET_B: 'b',
      BEHAVRY_SECRET_B_HOSTS: 'api.test',
      BEHAVRY_STDIO_MAX_PROCESSES: '9',
      BEHAVRY_STDIO_SOCKET: '/elsewhere',
      AWS_KEY: 'x',
    });
    expect(
      Object.keys(env)
        .filter((name) => name.startsWith('BEHAVRY_') || name === 'AWS_KEY')
        .sort(),
    ).toEqual([
      'BEHAVRY_SECRET_A',
      'BEHAVRY_SECRET_A_SERVERS',
      'BEHAVRY_STDIO_DIR',
      'BEHAVRY_STDIO_MAX_PROCESSES',
      'BEHAVRY_STDIO_SECRETS_DIR',
      'BEHAVRY_STDIO_SOCKET',
      'BEHAVRY_STDIO_UID_BASE',
      'BEHAVRY_STDIO_UID_COUNT',
    ]);
    expect(env['BEHAVRY_STDIO_SOCKET']).toBe(join(folder, 'data-stdio.sock'));
  });

  it('allows nothing by itself, and one command in the demo', () => {
    expect(hostEnv(settings, {})['BEHAVRY_STDIO_COMMANDS']).toBeUndefined();
    const list = hostEnv({ ...settings, hasDemoUpstreams: true }, {})['BEHAVRY_STDIO_COMMANDS'];
    expect(JSON.parse(list ?? '')).toEqual([
      {
        command: join(folder, 'node_modules/.bin/mcp-server-filesystem'),
        args: [join(folder, 'scratch')],
        servers: ['files'],
      },
    ]);
  });
});
