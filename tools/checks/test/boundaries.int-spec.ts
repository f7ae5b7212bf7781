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
    // Everything uses the contracts, so the cycle is what lint names.
    says: /Circular dependency between "contracts" and "domain"/,
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
    says: /Projects cannot be imported by a relative or absolute path/,
  },
  {
    what: 'a pure rule speaks over the network',
    project: 'domain',
    file: 'libs/domain/src/canary-package.ts',
    imports: 'undici',
    says: /'undici' import is restricted.*\s*This room may use of packages: node:crypto/,
  },
  {
    what: 'the pipeline uses the framework',
    project: 'pipeline',
    file: 'libs/pipeline/src/canary-package.ts',
    imports: '@nestjs/common',
    says: /'@nestjs\/common' import is restricted.*\s*This room may use of packages: node:crypto/,
  },
];

/** Two that would close a cycle if planted together are planted apart: a cycle hides the rule that we want to see. */
const ALONE = ['contracts', 'platform'];

let output = '';

beforeAll(async () => {
  const isAlone = ({ project }: Canary): boolean => ALONE.includes(project);
  output = await lintWith(CANARIES.filter((canary) => !isAlone(canary)));
  output += await lintWith(CANARIES.filter(isAlone));
}, 600_000);

/** Plants some of the imports and returns what lint says of their projects. */
async function lintWith(canaries: readonly Canary[]): Promise<string> {
  await Promise.all(
    canaries.map(({ file, imports }) => writeFile(join(ROOT, file), `import '${imports}';\n`)),
  );
  const projects = [...new Set(canaries.map(({ project }) => project))].join(',');
  const nx = join(ROOT, 'node_modules/nx/dist/bin/nx.js');
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [nx, 'run-many', '-t', 'lint', '--parallel=2', '--skip-nx-cache', '-p', projects],
      {
        cwd: ROOT,
        env: { ...process.env, NX_DAEMON: 'false', FORCE_COLOR: '0', NX_TUI: 'false' },
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    return stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  } finally {
    await Promise.all(canaries.map(({ file }) => rm(join(ROOT, file), { force: true })));
  }
}

it.each(CANARIES)('lint refuses that $what', ({ file, says }) => {
  const at = output.indexOf(join(ROOT, file));
  expect(at).toBeGreaterThanOrEqual(0);
  expect(output.slice(at, at + 1200)).toMatch(says);
});
