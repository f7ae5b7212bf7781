import { Counter, Histogram, type Registry } from 'prom-client';
import type { ExchangeMetrics } from '../ports/exchange-metrics';

/**
 * Counts exchanges by verdict, reason code and outcome.
 * @param prefix metric names begin with it, for example `behavry_mcp`
 */
export function promExchangeMetrics(registry: Registry, prefix: string): ExchangeMetrics {
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
