import { Counter, Gauge, Registry } from 'prom-client';

/** What the keeper counts of itself; OPA's own metrics stand beside it. */
export class KeeperMetrics {
  readonly #registry = new Registry();
  readonly #restarts = new Counter({
    name: 'behavry_opa_keeper_restarts_total',
    help: 'Times that OPA ended by itself and was started again.',
    registers: [this.#registry],
  });
  readonly #changes = new Counter({
    name: 'behavry_opa_keeper_changes_total',
    help: 'Changed configurations that were tried: replaced, or kept where the one before went on.',
    labelNames: ['outcome'],
    registers: [this.#registry],
  });
  readonly #pending = new Gauge({
    name: 'behavry_opa_keeper_configuration_pending',
    help: '1 while OPA does not run with the configuration that lies in its folder.',
    registers: [this.#registry],
  });

  restarted(): void {
    this.#restarts.inc();
  }

  changed(outcome: 'replaced' | 'kept'): void {
    this.#changes.inc({ outcome });
  }

  isPending(isPending: boolean): void {
    this.#pending.set(isPending ? 1 : 0);
  }

  /** @returns all of them in Prometheus' text form */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
