import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceRoot } from '@behavry/test-components';
import { request } from './person';
import type { System } from './system';

/** One metric, as an app shows it or as docs/metrics.md tells it. */
export interface Metric {
  readonly type: string;
  readonly help: string;
  readonly labels: ReadonlySet<string>;
}

/** @returns what each app of a system answers to `GET /metrics`, by plane and app */
export async function metricTexts(system: System): Promise<ReadonlyMap<string, string>> {
  const { processes } = await system.run();
  const texts = new Map<string, string>();
  for (const { app, plane, ops_port: port } of processes) {
    if (typeof port !== 'number') continue;
    const { status, body: text } = await request<string>('GET', `http://127.0.0.1:${port}/metrics`);
    if (status !== 200) throw new Error(`${app} of ${plane} has no metrics (status ${status})`);
    texts.set(`${plane} ${app}`, text);
  }
  return texts;
}

/** @returns our metrics in texts of Prometheus's format; labels as far as there are samples */
export function shownMetrics(texts: Iterable<string>): ReadonlyMap<string, Metric> {
  const found = new Map<string, Metric>();
  for (const text of texts)
    for (const [, name = '', help = '', type = ''] of text.matchAll(
      /^# HELP (behavry_\S+) (.*)\n# TYPE \S+ (\S+)$/gm,
    )) {
      const labels = new Set(found.get(name)?.labels);
      for (const [, set = ''] of text.matchAll(
        new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} `, 'gm'),
      ))
        for (const [, label = ''] of set.matchAll(/(\w+)="/g)) if (label !== 'le') labels.add(label);
      found.set(name, { type, help, labels });
    }
  return found;
}

/** @returns the metrics of docs/metrics.md */
export function documentedMetrics(): ReadonlyMap<string, Metric> {
  const text = readFileSync(join(workspaceRoot(), 'docs', 'metrics.md'), 'utf8');
  const rows = text.matchAll(/^\| `(behavry_\w+)`\s*\| (\w+)\s*\| (.*?)\s*\| .*? \| (.*?)\s*\|$/gm);
  return new Map(
    [...rows].map(([, name = '', type = '', labels = '', help = '']) => [
      name,
      { type, help, labels: new Set([...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label)) },
    ]),
  );
}

/** @returns what `promtool check metrics` finds wrong, without the three names of gauges that are a library's habit */
export function promtoolFaults(text: string): readonly string[] {
  try {
    execFileSync('promtool', ['check', 'metrics'], { input: text, stdio: 'pipe' });
    return [];
  } catch (error) {
    const { stderr, code } = error as { stderr?: Buffer; code?: string };
    if (code === 'ENOENT')
      throw new Error('promtool is missing; Debian: apt install prometheus', { cause: error });
    return String(stderr)
      .split('\n')
      .filter((line) => line !== '' && !/^nodejs_active_(handles|resources|requests)_total /.test(line));
  }
}
