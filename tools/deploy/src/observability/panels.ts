import type { PanelSpec } from './board';

/** The plane that was chosen. */
export const P = '{plane=~"$plane"}';
/** @returns an expression for what happens in a second, by labels */
export const rate = (metric: string, by: string, labels = P): string =>
  `sum by (${by}) (rate(${metric}${labels}[$__rate_interval]))`;
/** A panel of lines over time. */
export const series = (title: string, unit: string, ...queries: PanelSpec['queries']): PanelSpec => ({
  title,
  kind: 'timeseries',
  unit,
  queries,
});
/** A panel of one number for each plane. */
export const stat = (
  title: string,
  unit: string,
  expression: string,
  legend: string,
  more: Pick<PanelSpec, 'steps' | 'words' | 'about'> = {},
): PanelSpec => ({ title, kind: 'stat', unit, queries: [[expression, legend]], ...more });
/** Red below one. */
export const GOOD_AT_ONE = [
  [null, 'red'],
  [1, 'green'],
] as const;
/** Red from one on. */
export const BAD_FROM_ONE = [
  [null, 'green'],
  [1, 'red'],
] as const;

export const CHAIN = stat('Record', 'short', `min by (plane) (behavry_audit_chain_ok${P})`, '{{plane}}', {
  steps: GOOD_AT_ONE,
  words: { 0: 'broken', 1: 'whole' },
});
export const OPA = stat(
  'OPA',
  'short',
  `min by (plane, proxy) (behavry_opa_answers${P})`,
  '{{plane}} {{proxy}}',
  {
    steps: GOOD_AT_ONE,
    words: { 0: 'denies everything', 1: 'decides' },
  },
);
export const STALE = stat(
  'Data planes not heard',
  'short',
  'max by (plane) (sum by (plane, instance) (behavry_fleet_data_planes{plane=~"$plane",state=~"stale|offline"}))',
  '{{plane}}',
  { steps: BAD_FROM_ONE },
);
export const BACKLOG = series('Age of the oldest record that waits', 's', [
  `max by (plane, proxy) (behavry_spool_oldest_age_seconds${P})`,
  '{{plane}} {{proxy}}',
]);
export const PENDING = series(
  'Calls that wait for a person',
  'short',
  [`max by (plane) (behavry_escalation_pending${P})`, '{{plane}} waiting'],
  [`max by (plane) (behavry_escalation_oldest_age_seconds${P}) / 60`, '{{plane}} minutes of the oldest'],
);
export const HTTP = series('Requests of people and machines', 'reqps', [
  rate('behavry_http_request_duration_seconds_count', 'app, status'),
  '{{app}} {{status}}',
]);
