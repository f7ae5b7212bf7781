import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../src/tree';

const run = promisify(execFile);

const APPS = readdirSync(join(ROOT, 'apps')).filter((app) =>
  existsSync(join(ROOT, 'apps', app, 'src', 'main.ts')),
);

interface Row {
  readonly file: string;
  /** Projects that have to be tried again when the file changes. */
  readonly affects: readonly string[];
  /** Projects that cannot notice. */
  readonly spares: readonly string[];
}

const ROWS: readonly Row[] = [
  { file: 'docker/Dockerfile', affects: ['deploy', ...APPS], spares: ['platform', 'policies', 'runner'] },
  { file: 'docker/opa/system/authz.rego', affects: ['deploy'], spares: ['platform'] },
  { file: 'k8s/README.md', affects: ['deploy'], spares: ['mcp-proxy', 'e2e'] },
  { file: '.github/workflows/ci.yml', affects: ['deploy'], spares: ['mcp-proxy', 'e2e'] },
  {
    file: 'policies/run-tests.mjs',
    affects: ['policies', 'bundle-server', 'policy-service', 'mcp-proxy', 'llm-proxy', 'e2e', 'deploy'],
    spares: ['contracts', 'domain'],
  },
  {
    file: 'apps/mcp-proxy/src/main.ts',
    affects: ['mcp-proxy', 'e2e', 'deploy'],
    spares: ['llm-proxy', 'runner'],
  },
  {
    file: 'libs/contracts/src/routes.ts',
    affects: [...APPS, 'runner', 'deploy', 'e2e'],
    spares: ['policies'],
  },
  { file: 'tools/build/bundle.mjs', affects: [...APPS, 'runner', 'deploy', 'e2e'], spares: [] },
  { file: 'tools/bin/start.mjs', affects: ['e2e'], spares: APPS },
  { file: 'docs/architecture.md', affects: ['checks'], spares: [...APPS, 'e2e', 'deploy'] },
];

async function affectedBy(file: string): Promise<readonly string[]> {
  const nx = join(ROOT, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
  const { stdout } = await run(
    process.execPath,
    [nx, 'show', 'projects', '--affected', '--json', `--files=${file}`],
    {
      cwd: ROOT,
      env: { ...process.env, NX_DAEMON: 'false' },
    },
  );
  return JSON.parse(stdout) as string[];
}

describe('what a changed file affects', () => {
  it.each(ROWS)(
    '$file',
    async ({ file, affects, spares }) => {
      expect(existsSync(join(ROOT, file))).toBe(true);
      const affected = await affectedBy(file);
      expect(affects.filter((project) => !affected.includes(project))).toEqual([]);
      expect(spares.filter((project) => affected.includes(project))).toEqual([]);
    },
    60_000,
  );
});
