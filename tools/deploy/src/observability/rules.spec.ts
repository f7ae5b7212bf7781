import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from '@behavry/components';
import { workspaceRoot } from '@behavry/test-components';
import { OBSERVABILITY } from './metric-names';

const root = workspaceRoot();
const folder = join(root, OBSERVABILITY, 'prometheus');
const filesOf = (name: string): string[] =>
  readdirSync(join(folder, name)).map((file) => join(folder, name, file));
const rules = filesOf('rules')
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');
const alerts = [...rules.matchAll(/- alert: (\S+)\n(.*?)(?=\n {6}- |\n {2}- |$)/gs)].map(
  ([, name = '', body = '']) => ({
    name,
    body,
  }),
);
const hasPromtool = findOnPath('promtool') !== undefined;
// Debian's package `prometheus` brings it; a machine of CI without it must not pass in silence.
const withPromtool = hasPromtool || process.env['CI'] === 'true' ? it : it.skip;

/** @returns what it said; throws with it when promtool is not content */
function promtool(...args: string[]): string {
  try {
    return execFileSync('promtool', args, { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(' ')}\n${String(stdout)}\n${String(stderr)}`, { cause: error });
  }
}

describe('alerts', () => {
  withPromtool('are rules that Prometheus takes, and so is its configuration', () => {
    promtool('check', 'rules', ...filesOf('rules'));
    promtool('check', 'config', '--syntax-only', join(folder, 'prometheus.yml'));
  });

  withPromtool('fire when they should, and are silent when they should be', () => {
    promtool('test', 'rules', ...filesOf('tests'));
  });

  it('have each a test in which it fires and one in which it is silent', () => {
    const tests = filesOf('tests')
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const of = (name: string): string[] =>
      [...tests.matchAll(/- alertname: (\S+)\n\s+eval_time: \S+\n\s+exp_alerts:(.*)/g)]
        .filter(([, tested]) => tested === name)
        .map(([, , expected = '']) => (expected.includes('[]') ? 'silent' : 'fires'));
    expect(alerts.length).toBeGreaterThan(10);
    expect(alerts.filter(({ name }) => new Set(of(name)).size < 2).map(({ name }) => name)).toEqual([]);
  });

  it('say how bad it is, what it is, and where it says what to do', () => {
    const incomplete = alerts.filter(({ body }) => {
      const book = /runbook_url: (\S+)/.exec(body)?.[1];
      return (
        !/severity: (critical|warning)/.test(body) ||
        !/summary: '.{20,}'/.test(body) ||
        book === undefined ||
        !existsSync(join(root, book))
      );
    });
    expect(incomplete.map(({ name }) => name)).toEqual([]);
  });
});
