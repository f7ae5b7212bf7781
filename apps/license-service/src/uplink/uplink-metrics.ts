import { Counter, Gauge, type Registry } from 'prom-client';
import type { Clock } from '@behavry/platform';

/** What a plane asks of its control plane. */
export type UplinkCall = 'heartbeat' | 'config' | 'license';
const CALLS: readonly UplinkCall[] = ['heartbeat', 'config', 'license'];

/** Counts calls to the control plane, and remembers when each was heard last. */
export class UplinkMetrics {
  readonly #calls: Counter<'call' | 'result'>;
  readonly #contact: Gauge<'call'>;

  constructor(
    registry: Registry,
    private readonly clock: Clock,
  ) {
    this.#calls = new Counter({
      name: 'behavry_uplink_calls_total',
      help: 'Calls to the control plane, by call and result: ok, refused, failed.',
      labelNames: ['call', 'result'],
      registers: [registry],
    });
    this.#contact = new Gauge({
      name: 'behavry_uplink_contact_timestamp_seconds',
      help: 'When a call to the control plane succeeded last; 0 when none did since the start.',
      labelNames: ['call'],
      registers: [registry],
    });
  }

  /** Shows the calls that this plane makes from now on. */
  expect(calls: readonly UplinkCall[] = CALLS): void {
    for (const call of calls) this.#contact.set({ call }, 0);
  }

  /** @param status of the answer; undefined when there was none */
  heard(call: UplinkCall, status: number | undefined): void {
    const result = resultOf(status);
    this.#calls.inc({ call, result });
    if (result === 'ok') this.#contact.set({ call }, this.clock.now() / 1000);
  }
}

function resultOf(status: number | undefined): 'ok' | 'refused' | 'failed' {
  if (status === undefined || status >= 500 || status === 429) return 'failed';
  return status >= 400 ? 'refused' : 'ok';
}
