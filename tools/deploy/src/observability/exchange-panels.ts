import type { PanelSpec } from './board';

const P = '{plane=~"$plane"}';

/** @returns an expression for a quantile of a histogram, by labels */
export function quantile(q: number, histogram: string, by: string): string {
  return `histogram_quantile(${String(q)}, sum by (le, ${by}) (rate(${histogram}_bucket${P}[$__rate_interval])))`;
}

const EACH = ['proxy', '{{proxy}}'] as const;

/** The two lines that tell most about a time: its middle and its tail. */
function times(title: string, histogram: string, about: string): PanelSpec {
  return {
    title,
    kind: 'timeseries',
    unit: 's',
    about,
    queries: [
      [quantile(0.5, histogram, EACH[0]), `${EACH[1]} median`],
      [quantile(0.99, histogram, EACH[0]), `${EACH[1]} 99 %`],
    ],
  };
}

export const RATE: PanelSpec = {
  title: 'Exchanges by verdict',
  kind: 'timeseries',
  unit: 'reqps',
  queries: [
    [
      `sum by (proxy, verdict) (rate(behavry_exchange_decisions_total${P}[$__rate_interval]))`,
      '{{proxy}} {{verdict}}',
    ],
  ],
};

export const OWN_TIME = times(
  "The plane's own share",
  'behavry_exchange_plane_duration_seconds',
  'What governance costs a call: no upstream, no person.',
);

export const WHOLE_TIME = times(
  'Whole exchange',
  'behavry_exchange_duration_seconds',
  'From the first byte to the outcome, upstream and people included.',
);

export const DECISION_TIME = times(
  'Decisions by OPA',
  'behavry_opa_decision_duration_seconds',
  'Time in which OPA answered.',
);

export const REASONS: PanelSpec = {
  title: 'Why calls do not pass',
  kind: 'timeseries',
  unit: 'reqps',
  width: 12,
  queries: [
    [
      'sum by (reason_code) (rate(behavry_exchange_decisions_total{plane=~"$plane",verdict!="allow"}[$__rate_interval]))',
      '{{reason_code}}',
    ],
  ],
};

export const REJECTIONS: PanelSpec = {
  title: 'Refused without a record',
  kind: 'timeseries',
  unit: 'reqps',
  width: 12,
  about: 'Nobody could be named, or nothing could be written.',
  queries: [
    [
      `sum by (proxy, reason_code) (rate(behavry_exchange_rejections_total${P}[$__rate_interval]))`,
      '{{proxy}} {{reason_code}}',
    ],
  ],
};

export const FAULTS: PanelSpec = {
  title: 'Denied because OPA failed',
  kind: 'timeseries',
  unit: 'reqps',
  queries: [
    [`sum by (proxy, fault) (rate(behavry_opa_faults_total${P}[$__rate_interval]))`, '{{proxy}} {{fault}}'],
  ],
};

export const UNDER_WAY: PanelSpec = {
  title: 'Under way',
  kind: 'timeseries',
  unit: 'short',
  queries: [
    [`sum by (proxy) (behavry_exchange_open${P})`, '{{proxy}} open'],
    [`sum by (proxy) (behavry_exchange_held${P})`, '{{proxy}} wait for a person'],
  ],
};
