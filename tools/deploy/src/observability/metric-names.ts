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

function withoutComments(text: string): string {
  return text.replaceAll(/^\s*#.*$/gm, '');
}
