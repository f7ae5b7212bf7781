import type { LoggedError } from './errors';

/** What the doctor learned of one process. */
export interface Examination {
  readonly name: string;
  readonly app: string;
  readonly state: string | null;
  readonly isRunning: boolean | null;
  /** What its ops port said; null when it has none, or did not answer. */
  readonly health: Health | null;
  readonly hasOpsPort: boolean;
  readonly samples: readonly Sample[];
  readonly errors: readonly LoggedError[];
}

export interface Health {
  readonly status: string;
  readonly version?: string;
  readonly mode?: string;
  readonly checks: Readonly<Record<string, { readonly ready: boolean; readonly detail?: string }>>;
}

/** One series of a metric with its value now. */
export interface Sample {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Something that is wrong, and what to do about it. */
export interface Finding {
  readonly where: string;
  readonly what: string;
  readonly todo: string;
}

interface Rule {
  readonly metric: string;
  readonly labels?: RegExp;
  /** @param now seconds since the Unix epoch */
  readonly isBad: (value: number, now: number) => boolean;
  readonly what: (sample: Sample, now: number) => string;
  readonly runbook: string;
}

const minutes = (seconds: number): string => `${String(Math.round(seconds / 60))} min`;

/** The same limits as the alerts have. */
const RULES: readonly Rule[] = [
  {
    metric: 'behavry_opa_answers',
    isBad: (value) => value === 0,
    what: () => 'OPA does not answer: every call is denied',
    runbook: 'opa-failing-closed',
  },
  {
    metric: 'behavry_audit_chain_ok',
    isBad: (value) => value === 0,
    what: () => 'the record is broken: something was changed, removed or put elsewhere',
    runbook: 'chain-broken',
  },
  {
    metric: 'behavry_spool_oldest_age_seconds',
    isBad: (value) => value > 120,
    what: ({ value }) => `records have waited ${minutes(value)} to be stored`,
    runbook: 'record-backlog',
  },
  {
    metric: 'behavry_spool_refusing',
    isBad: (value) => value === 1,
    what: () => 'the spool is full or cannot be written: every call is refused',
    runbook: 'record-backlog',
  },
  {
    metric: 'behavry_queue_connection_failing',
    isBad: (value) => value === 1,
    what: ({ labels }) => `the queue ${labels['queue'] ?? ''} cannot be reached`,
    runbook: 'record-backlog',
  },
  {
    metric: 'behavry_license_state',
    labels: /"(grace|enforced)"/,
    isBad: (value) => value === 1,
    what: ({ labels }) => `the licence is not valid (${labels['state'] ?? ''})`,
    runbook: 'license-grace',
  },
  {
    metric: 'behavry_license_token_refused',
    isBad: (value) => value === 1,
    what: () => 'the control plane refuses the token of this plane',
    runbook: 'control-plane-unheard',
  },
  {
    metric: 'behavry_uplink_contact_timestamp_seconds',
    labels: /"heartbeat"/,
    isBad: (value, now) => now - value > 180,
    what: ({ value }, now) =>
      value === 0
        ? 'the control plane was not heard since the start'
        : `the control plane was not heard for ${minutes(now - value)}`,
    runbook: 'control-plane-unheard',
  },
  {
    metric: 'behavry_escalation_oldest_age_seconds',
    isBad: (value) => value > 1_800,
    what: ({ value }) => `a call has waited ${minutes(value)} for a person`,
    runbook: 'escalation-queue-old',
  },
  {
    metric: 'behavry_fleet_data_planes',
    labels: /"(stale|offline)"/,
    isBad: (value) => value > 0,
    what: ({ value, labels }) => `${String(value)} data plane(s) are ${labels['state'] ?? ''}`,
    runbook: 'plane-stale',
  },
];

/** @param now seconds since the Unix epoch */
export function findings(examined: readonly Examination[], now: number): readonly Finding[] {
  return [
    ...examined.flatMap((each) => [...ofProcess(each), ...ofSamples(each, now)]),
    ...ofVersions(examined),
  ];
}

function ofProcess({ name, isRunning, state, hasOpsPort, health, errors }: Examination): readonly Finding[] {
  const todo = 'docs/runbooks/app-down.md; its last errors are in the bundle';
  if (isRunning === false)
    return [{ where: name, what: `does not run${state === null ? '' : ` (${state})`}`, todo }];
  if (hasOpsPort && !health) return [{ where: name, what: 'does not answer on its ops port', todo }];
  const missing = Object.entries(health?.checks ?? {})
    .filter(([, { ready }]) => !ready)
    .map(([check, { detail }]) => `${check}: ${detail ?? 'not ready'}`);
  // What components log at their start is no news; their failures show in the apps.
  const last = hasOpsPort ? errors.filter(({ level }) => level === 'error').at(-1) : undefined;
  return [
    ...missing.map((what) => ({
      where: name,
      what: `not ready, ${what}`,
      todo: 'docs/runbooks/app-down.md',
    })),
    ...(last
      ? [
          {
            where: name,
            what: `logged an error (${String(last.count)} times): ${last.message}`,
            todo: `last at ${last.time ?? 'an unknown time'}; look whether it goes on`,
          },
        ]
      : []),
  ];
}

function ofSamples({ name, samples }: Examination, now: number): readonly Finding[] {
  return samples.flatMap((sample) =>
    RULES.filter(
      ({ metric, labels, isBad }) =>
        metric === sample.metric &&
        (labels?.test(JSON.stringify(sample.labels)) ?? true) &&
        isBad(sample.value, now),
    ).map(({ what, runbook }) => ({
      where: name,
      what: what(sample, now),
      todo: `docs/runbooks/${runbook}.md`,
    })),
  );
}

function ofVersions(examined: readonly Examination[]): readonly Finding[] {
  const versions = [...new Set(examined.flatMap(({ health }) => health?.version ?? []))];
  if (versions.length < 2) return [];
  return [
    {
      where: 'plane',
      what: `runs apps of several versions: ${versions.sort().join(', ')}`,
      todo: 'finish the upgrade, or go back',
    },
  ];
}

/** @returns the series of a text in Prometheus's format */
export function samplesOf(text: string): readonly Sample[] {
  return [...text.matchAll(/^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/gim)].map(
    ([, metric = '', labels = '', value = '']) => ({
      metric,
      labels: Object.fromEntries(
        [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', said = '']) => [name, said]),
      ),
      value: Number(value),
    }),
  );
}
