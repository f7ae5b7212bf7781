import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { APP_NAMES } from '@behavry/contracts';
import { startTestPostgres, tempDir, workspaceRoot, type TestPostgres } from '@behavry/test-components';

const run = promisify(execFile);
const DIST = join(workspaceRoot(), 'dist/apps');
const NATIVE = '@node-rs';

/** What an image holds of a program: its bundle, and for identity-jwks the package that cannot be bundled. */
function alone(app: string): string {
  const folder = tempDir(`behavry-alone-${app}-`);
  for (const file of readdirSync(join(DIST, app)).filter((name) => name.endsWith('.js')))
    cpSync(join(DIST, app, file), join(folder, file));
  if (app === 'identity-jwks') {
    mkdirSync(join(folder, 'node_modules'));
    cpSync(join(workspaceRoot(), 'node_modules', NATIVE), join(folder, 'node_modules', NATIVE), {
      recursive: true,
    });
  }
  return folder;
}

describe('a bundle in a folder of its own, as in its image', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());

  it.each([...APP_NAMES, 'stdio-host', 'uplink-gate', 'opa-keeper'])('%s loads', async (app) => {
    const { stdout } = await run(process.execPath, ['main.js', '--describe-config'], {
      cwd: alone(app),
      env: {},
    });
    expect(JSON.parse(stdout)).toMatchObject({ app });
  });

  it.each(['mcp-proxy', 'llm-proxy'])('%s asks no database, so it has no TypeORM in it', (app) => {
    const list = readFileSync(join(DIST, app, 'THIRD-PARTY.txt'), 'utf8');
    expect(list).toContain('undici');
    expect(list).not.toContain('typeorm');
  });

  it('identity-jwks migrates a database, with the driver and the hashing that came with it', async () => {
    const folder = alone('identity-jwks');
    const { stdout } = await run(process.execPath, ['main.js', '--migrate'], {
      cwd: folder,
      env: {
        BEHAVRY_DB_URL: await postgres.createDatabase(),
        BEHAVRY_SECRETS_DIR: join(folder, 'secrets'),
        BEHAVRY_DATA_DIR: folder,
        BEHAVRY_ADMIN_PASSWORD: 'correct horse',
      },
    });
    expect(stdout).toContain('schema is up to date');
  });
});
