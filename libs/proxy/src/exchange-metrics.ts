import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ExchangeMetrics, FileSpool } from '@behavry/pipeline';

/**
 * Counts exchanges by verdict, reason code and outcome.
 * @param app its name gives the metrics theirs, for example `behavry_mcp_proxy_decisions_total`
 * @param isTraced whether a trace is named as the example of a duration
 */
export function exchangeMetrics(registry: Registry, app: string, isTraced: boolean): ExchangeMetrics {
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
  const seconds = new Histogram<'outcome' | 'trace_id'>({
    name: `${prefix}_exchange_seconds`,
    help: 'Time of an exchange from its first byte to its outcome.',
    labelNames: ['outcome'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
    registers: [registry],
    enableExemplars: isTraced,
  });
  return {
    decided: ({ verdict, reasonCode }) => {
      decisions.inc({ verdict, reason_code: reasonCode });
    },
    rejected: ({ reasonCode }) => {
      rejections.inc({ reason_code: reasonCode });
    },
    settled: ({ outcome, milliseconds, traceId }) => {
      const value = milliseconds / 1000;
      if (!isTraced) seconds.observe({ outcome }, value);
      else {
        const example = traceId === undefined ? {} : { exemplarLabels: { trace_id: traceId } };
        seconds.observe({ labels: { outcome }, value, ...example });
      }
    },
  };
}

/** Shows how much waits to be stored. */
export function measureSpool(registry: Registry, app: string, spool: FileSpool): void {
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
}

function prefixOf(app: string): string {
  return `behavry_${app.replaceAll('-', '_')}`;
}
