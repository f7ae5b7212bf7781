import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BOARDS } from './boards';

/** Where the configuration of Prometheus and Grafana lies, relative to the workspace. */
export const OBSERVABILITY = 'docker/observability';

/** @returns every metric of ours that a board or a rule asks, as it is written there: with `_bucket` and the like */
export function askedMetrics(root: string): ReadonlySet<string> {
  const rules = join(root, OBSERVABILITY, 'prometheus', 'rules');
  const texts = [
    ...readdirSync(rules).map((file) => withoutComments(readFileSync(join(rules, file), 'utf8'))),
    ...BOARDS.flatMap(({ rows }) =>
      rows.flatMap(([, panels]) => panels.flatMap(({ queries }) => queries.flat())),
    ),
  ];
  return new Set(texts.flatMap((text) => text.match(/\bbehavry_[a-z0-9_]+(?![a-z0-9_:])/g) ?? []));
}

/** @returns the metrics that a text in Prometheus's format tells, with those of which there is no sample yet */
export function shownMetrics(
  text: string,
): ReadonlyMap<string, { readonly type: string; readonly help: string }> {
  const help = new Map(
    [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', said = '']) => [name, said]),
  );
  return new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [
      name,
      { type, help: help.get(name) ?? '' },
    ]),
  );
}

/** @returns the metric that a series belongs to: those of a histogram have endings */
export function metricOf(series: string, types: ReadonlyMap<string, { readonly type: string }>): string {
  const base = series.replace(/_(bucket|sum|count)$/, '');
  return types.get(base)?.type === 'histogram' ? base : series;
}

function withoutComments(text: string): string {
  return text.replaceAll(/^\s*#.*$/gm, '');
}
