import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceRoot } from '@behavry/test-components';
import { askedMetrics } from './metric-names';

it('every metric that a rule or a board asks is one of docs/metrics.md, which the pair of e2e compares with real ones', () => {
  const root = workspaceRoot();
  const text = readFileSync(join(root, 'docs', 'metrics.md'), 'utf8');
  const types = new Map(
    [...text.matchAll(/^\| `(behavry_\w+)`\s*\| (\w+)/gm)].map(([, name = '', type = '']) => [name, type]),
  );
  expect(types.size).toBeGreaterThan(40);
  const unknown = [...askedMetrics(root)].filter((series) => {
    const base = series.replace(/_(?:bucket|sum|count)$/, '');
    return types.get(base) === 'histogram' ? series === base : !types.has(series);
  });
  expect(unknown).toEqual([]);
});
