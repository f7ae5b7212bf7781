import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../src/tree';

interface Canary {
  readonly what: string;
  readonly project: string;
  readonly file: string;
  readonly imports: string;
  readonly says: RegExp;
}

/** One forbidden import of each kind, each in a project of its own. */
const CANARIES: readonly Canary[] = [
  {
    what: 'contracts use a room of ours',
    project: 'contracts',
    file: 'libs/contracts/src/canary.ts',
    imports: '@behavry/domain',
    says: /tagged with "type:contracts"/,
  },
  {
    what: 'domain uses the platform',
    project: 'domain',
    file: 'libs/domain/src/canary.ts',
    imports: '@behavry/platform',
    says: /tagged with "type:domain" can only depend/,
  },
  {
    what: 'the pipeline uses a database',
    project: 'pipeline',
    file: 'libs/pipeline/src/canary.ts',
    imports: '@behavry/db-data',
    says: /tagged with "type:pipeline" can only depend/,
  },
  {
    what: 'the platform uses the domain',
    project: 'platform',
    file: 'libs/platform/src/canary.ts',
    imports: '@behavry/domain',
    says: /tagged with "type:platform" can only depend/,
  },
  {
    what: 'a database room uses the platform',
    project: 'db-data',
    file: 'libs/db-data/src/canary.ts',
    imports: '@behavry/platform',
    says: /tagged with "type:db" can only depend/,
  },
  {
    what: 'a proxy uses a database',
    project: 'mcp-proxy',
    file: 'apps/mcp-proxy/src/canary.ts',
    imports: '@behavry/db-data',
    says: /tagged with "path:hot" can not depend/,
  },
  {
    what: 'an app of one plane uses the other plane',
    project: 'policy-service',
    file: 'apps/policy-service/src/canary.ts',
    imports: '@behavry/db-data',
    says: /tagged with "plane:control" can only depend/,
  },
  {
    what: 'an app uses what is for tests',
    project: 'audit-writer',
    file: 'apps/audit-writer/src/canary.ts',
    imports: '@behavry/testing',
    says: /tagged with "type:app" can only depend/,
  },
  {
    what: 'an app uses another app',
    project: 'escalation-worker',
    file: 'apps/escalation-worker/src/canary.ts',
    imports: '../../audit-writer/src/main',
    says: /Projects should use relative imports|cannot be imported using a relative or absolute path|Imports of apps are forbidden/,
  },
];

let output = '';

beforeAll(async () => {
  await Promise.all(
    CANARIES.map(({ file, imports }) => writeFile(join(ROOT, file), `import '${imports}';\n`)),
  );
  try {
    await promisify(execFile)(
      process.execPath,
      [
        join(ROOT, 'node_modules/nx/dist/bin/nx.js'),
        'run-many',
        '-t',
        'lint',
        '--parallel=2',
        '--skip-nx-cache',
        '-p',
        CANARIES.map(({ project }) => project).join(','),
      ],
      {
        cwd: ROOT,
        env: { ...process.env, NX_DAEMON: 'false', FORCE_COLOR: '0', NX_TUI: 'false' },
        maxBuffer: 64 * 1024 * 1024,
      },
    );
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  } finally {
    await Promise.all(CANARIES.map(({ file }) => rm(join(ROOT, file), { force: true })));
  }
}, 600_000);

it.each(CANARIES)('lint refuses that $what', ({ file, says }) => {
  const at = output.indexOf(join(ROOT, file));
  expect(at).toBeGreaterThanOrEqual(0);
  expect(output.slice(at, at + 1200)).toMatch(says);
});
