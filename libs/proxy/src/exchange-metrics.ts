import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { AbandonedSpools, ExchangeMetrics, FileSpool, OpenExchanges } from '@behavry/pipeline';
import type { PolicyWatch } from './policy-watch';

/** A revision of policies, as bundle-server names it: the instant of its making, in UTC. */
const REVISION = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/;

/** The label `proxy` of an app: `mcp` or `llm`. */
export function proxyLabel(app: string): string {
  return app.replace(/-proxy$/, '');
}

/**
/**
 * Counts exchanges and times their parts. Both proxies have the same metrics, told apart by `proxy`; every label is
 * from a closed list, agents, tools and servers are none.
 * @param isTraced whether a trace is named as the example of a duration
 */
export function exchangeMetrics(registry: Registry, app: string, isTraced: boolean): ExchangeMetrics {
  const proxy = proxyLabel(app);
  const registers = [registry];
  const decisions = new Counter({
    name: 'behavry_exchange_decisions_total',
    help: 'Decisions, by verdict and reason code.',
    labelNames: ['proxy', 'verdict', 'reason_code'],
    registers,
  });
  const rejections = new Counter({
    name: 'behavry_exchange_rejections_total',
    help: 'Requests refused without a record, by reason code.',
    labelNames: ['proxy', 'reason_code'],
    registers,
  });
  const durations = new Histogram<'proxy' | 'outcome' | 'trace_id'>({
    name: 'behavry_exchange_duration_seconds',
    help: 'Time of an exchange from its first byte to its outcome, upstream and people included.',
    labelNames: ['proxy', 'outcome'],
    buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
    registers,
    enableExemplars: isTraced,
  });
  const shares = new Histogram({
    name: 'behavry_exchange_plane_duration_seconds',
    help: "The plane's own share of an exchange until its answer can begin: no upstream, no person.",
    labelNames: ['proxy'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers,
  });
  const asks = new Histogram({
    name: 'behavry_opa_decision_duration_seconds',
    help: 'Time in which OPA answered, faults included.',
    labelNames: ['proxy'],
    buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5],
    registers,
  });
  const faults = new Counter({
    name: 'behavry_opa_faults_total',
    help: 'Calls denied because OPA gave no decision, by fault.',
    labelNames: ['proxy', 'fault'],
    registers,
  });
  const held = new Gauge({
    name: 'behavry_exchange_held',
    help: 'Calls that wait for a person now.',
    labelNames: ['proxy'],
    registers,
  });
  held.set({ proxy }, 0);
  const noteRevision = revisionGauge(registry, proxy);
  return {
    decided: ({ verdict, reasonCode }) => {
      decisions.inc({ proxy, verdict, reason_code: reasonCode });
    },
    rejected: ({ reasonCode }) => {
      rejections.inc({ proxy, reason_code: reasonCode });
    },
    settled: ({ outcome, milliseconds, traceId }) => {
      const value = milliseconds / 1000;
      const labels = { proxy, outcome };
      if (!isTraced) durations.observe(labels, value);
      else {
        const example = traceId === undefined ? {} : { exemplarLabels: { trace_id: traceId } };
        durations.observe({ labels, value, ...example });
      }
    },
    asked: ({ milliseconds, fault, revision }) => {
      asks.observe({ proxy }, milliseconds / 1000);
      if (fault !== null) faults.inc({ proxy, fault });
      if (revision !== null) noteRevision(revision);
    },
    answered: (milliseconds) => {
      shares.observe({ proxy }, milliseconds / 1000);
    },
    held: (change) => {
      held.inc({ proxy }, change);
    },
  };
}

/** @returns notes the revision that answered; a revision is the time of its making, so the metric stays one series */
function revisionGauge(registry: Registry, proxy: string): (revision: string) => void {
  let seen = '';
  const gauge = new Gauge({
    name: 'behavry_policy_revision_timestamp_seconds',
    help: 'When the policies that decided last were made; 0 before the first decision.',
    labelNames: ['proxy'],
    registers: [registry],
  });
  gauge.set({ proxy }, 0);
  return (revision) => {
    if (revision === seen) return;
    seen = revision;
    gauge.set({ proxy }, revisionTime(revision) ?? 0);
  };
}

/** Shows what waits to be stored, and for how long; everything is read when somebody asks. */
export function measureSpool(
  registry: Registry,
  app: string,
  spool: FileSpool,
  {
    maxBytes,
    now,
    abandoned,
  }: { readonly maxBytes: number; readonly now: () => number; readonly abandoned: AbandonedSpools },
): void {
  const proxy = proxyLabel(app);
  const gauge = (name: string, help: string, read: () => number | Promise<number>): void => {
    new Gauge({
      name: `behavry_spool_${name}`,
      help,
      labelNames: ['proxy'],
      registers: [registry],
      async collect() {
        this.set({ proxy }, await read());
      },
    });
  };
  gauge('records', 'Records that wait to be stored.', () => spool.backlog);
  gauge(
    'bytes',
    'Size of the spool on disk, stored records that are not trimmed yet included.',
    () => spool.bytes,
  );
  gauge('limit_bytes', 'Size at which new exchanges are refused.', () => maxBytes);
  gauge('refusing', '1 while new exchanges are refused because they could not be recorded.', () =>
    spool.isFull ? 1 : 0,
  );
  gauge('oldest_age_seconds', 'Age of the oldest record that waits to be stored; 0 when none waits.', () =>
    oldestAge(spool, now()),
  );
  gauge('abandoned', 'Spools of ended processes that are being sent on.', () => abandoned.size);
}

/** Shows whether OPA answers at present, asked from time to time also without traffic, and what is under way. */
export function measureEngine(
  registry: Registry,
  app: string,
  { policies, open }: { readonly policies: PolicyWatch; readonly open: OpenExchanges },
): void {
  const proxy = proxyLabel(app);
  new Gauge({
    name: 'behavry_opa_answers',
    help: '1 while OPA names the revision of its policies when it is asked; 0: every call is denied.',
    labelNames: ['proxy'],
    registers: [registry],
    collect() {
      this.set({ proxy }, policies.isAnswered ? 1 : 0);
    },
  });
  new Gauge({
    name: 'behavry_exchange_open',
    help: 'Exchanges under way, streams included.',
    labelNames: ['proxy'],
    registers: [registry],
    collect() {
      this.set({ proxy }, open.size);
    },
  });
}

/** Shows whether limits are counted together with the plane's other processes. */
export function measureLimits(registry: Registry, app: string, isShared: () => boolean): void {
  new Gauge({
    name: `behavry_${app.replaceAll('-', '_')}_limits_shared`,
    help: 'Whether limits are counted together with the other processes of the plane; 0: this one counts alone.',
    registers: [registry],
    collect() {
      this.set(isShared() ? 1 : 0);
    },
  });
}

/** In seconds. Usually read from memory; from the disk when very much waits. */
async function oldestAge(spool: FileSpool, now: number): Promise<number> {
  if (spool.backlog === 0) return 0;
  const [entry] = await spool.read(spool.last - spool.backlog + 1, 1).catch(() => []);
  if (entry === undefined) return 0;
  const { ts } = JSON.parse(entry) as { readonly ts: string };
  return Math.max(0, (now - Date.parse(ts)) / 1000);
}

/** @returns seconds since the Unix epoch; undefined for a name that tells no time */
function revisionTime(revision: string): number | undefined {
  const parts = REVISION.exec(revision);
  if (!parts) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  return ms / 1000;
}
