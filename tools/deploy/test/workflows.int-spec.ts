import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findOnPath } from '@behavry/components';
import { goTool } from '../src/tools/go-tool';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..', '..');
const WORKFLOWS = join(ROOT, '.github', 'workflows');
const ACTIONLINT = ['github.com/rhysd/actionlint/cmd/actionlint', 'v1.7.12'] as const;

/** Without Go it is skipped by name, in continuous integration it fails. */
const withGo = findOnPath('go') !== undefined || process.env['CI'] === 'true' ? it : it.skip;

const names = readdirSync(WORKFLOWS);
const text = (name: string): string => readFileSync(join(WORKFLOWS, name), 'utf8');
const valuesOf = (name: string, key: string): readonly string[] =>
  [...text(name).matchAll(new RegExp(`^ *(?:- )?${key}: *(.+)$`, 'gmu'))].map(([, value = '']) => value);

describe('the workflows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'behavry-workflows-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  withGo(
    'are understood by actionlint, which sees a fault',
    async () => {
      const actionlint = await goTool(...ACTIONLINT);
      const lint = (files: readonly string[]): Promise<unknown> =>
        run(actionlint, ['-no-color', '-shellcheck=', '-pyflakes=', ...files], { cwd: ROOT });
      await lint(names.map((name) => join(WORKFLOWS, name)));

      const faulty = join(folder, 'ci.yml');
      writeFileSync(faulty, text('ci.yml').replace('runs-on:', 'run-on:'));
      await expect(lint([faulty])).rejects.toMatchObject({ stdout: expect.stringContaining('run-on') });
    },
    300_000,
  );

  it('are those that the documents name', () => {
    expect(names.sort()).toEqual(['ci.yml', 'full.yml', 'images.yml', 'release.yml']);
  });

  it.each(names)('%s calls only commands that a developer has', (name) => {
    const commands = valuesOf(name, 'run');
    const foreign = commands.filter(
      (command) => !/^(?:npm (?:ci|run \S+)|npx nx |\.ci\/(?:run|components opa)$)/u.test(command),
    );
    expect(commands.length).toBeGreaterThan(0);
    expect(foreign).toEqual([]);
  });

  it.each(names)('%s may read the sources and nothing else, and ends by itself', (name) => {
    expect(text(name)).toMatch(/^permissions:\n {2}contents: read$/mu);
    expect(text(name).match(/permissions:/gu)).toHaveLength(1);
    expect(text(name)).not.toMatch(/secrets\.|write-all|: write/u);
    expect(valuesOf(name, 'timeout-minutes')).toHaveLength(valuesOf(name, 'runs-on').length);
    expect(valuesOf(name, 'persist-credentials')).toEqual(
      valuesOf(name, 'uses')
        .filter((action) => action.startsWith('actions/checkout@'))
        .map(() => 'false'),
    );
  });

  it.each(names)('%s takes each action at a version', (name) => {
    const loose = valuesOf(name, 'uses').filter(
      (action) => !/^actions\/[\w-]+@(?:v\d+|[0-9a-f]{40})$/u.test(action),
    );
    expect(loose).toEqual([]);
  });
});
