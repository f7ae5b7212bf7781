import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { AbandonedSpools, ExchangeMetrics, FileSpool } from '@behavry/pipeline';

/**
 * Counts exchanges by verdict, reason code and outcome.
 * @param app its name gives the metrics theirs, for example `behavry_mcp_proxy_decisions_total`
 */
export function exchangeMetrics(registry: Registry, app: string): ExchangeMetrics {
  const prefix = prefixOf(app);
  const decisions = new Counter({
    name: `${prefix}_decisions_total`,
    help: 'Decisions, by verdict and reason code.',
    labelNames: ['verdict', 'reason_code'],
    registers: [registry],
  });
  const rejections = new Counter({
    name: `${prefix}_rejections_total`,
    help: 'Requests refused without a record, by reason code.',
    labelNames: ['reason_code'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: `${prefix}_exchange_seconds`,
    help: 'Time of an exchange from its first byte to its outcome.',
    labelNames: ['outcome'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
    registers: [registry],
  });
  return {
    decided: ({ verdict, reasonCode }) => {
      decisions.inc({ verdict, reason_code: reasonCode });
    },
    rejected: ({ reasonCode }) => {
      rejections.inc({ reason_code: reasonCode });
    },
    settled: ({ outcome, milliseconds }) => {
      seconds.observe({ outcome }, milliseconds / 1000);
    },
  };
}

/** Shows how much waits to be stored. */
export function measureSpool(
  registry: Registry,
  app: string,
  spool: FileSpool,
  abandoned: AbandonedSpools,
): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `${prefixOf(app)}_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('spool_entries', 'Records that wait to be stored.', () => spool.backlog);
  gauge('spool_bytes', 'Size of the audit spool.', () => spool.bytes);
  gauge('abandoned_spools', 'Spools of ended processes that are being sent on.', () => abandoned.size);
}

function prefixOf(app: string): string {
  return `behavry_${app.replaceAll('-', '_')}`;
}
