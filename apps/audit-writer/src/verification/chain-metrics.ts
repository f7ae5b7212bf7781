import { Gauge, type Registry } from 'prom-client';
import type { KeptVerification } from '@behavry/db-data';

/** Shows the verdict of the last verification of the chain, also one that another replica or an earlier process made. */
export class ChainMetrics {
  readonly #ok: Gauge;
  readonly #seq: Gauge;
  readonly #at: Gauge;
  readonly #wholeAt: Gauge;
  readonly #duration: Gauge;

  constructor(registry: Registry) {
    const gauge = (name: string, help: string): Gauge =>
      new Gauge({ name: `behavry_audit_chain_${name}`, help, registers: [registry] });
    this.#ok = gauge('ok', '0 when the last verification found the chain broken, else 1.');
    this.#seq = gauge('verified_seq', 'Up to where the chain was found whole.');
    this.#at = gauge('verified_at_seconds', 'When the chain was verified last; 0 when it never was.');
    this.#wholeAt = gauge(
      'whole_verified_at_seconds',
      'When all of it was read last, not only what was new.',
    );
    this.#duration = gauge('verification_duration_seconds', 'How long the last verification took.');
    this.#ok.set(1);
  }

  show({ isOk, verifiedSeq, verifiedAt, wholeAt, seconds }: KeptVerification): void {
    this.#ok.set(isOk ? 1 : 0);
    this.#seq.set(verifiedSeq);
    this.#at.set(verifiedAt.getTime() / 1000);
    this.#wholeAt.set((wholeAt?.getTime() ?? 0) / 1000);
    this.#duration.set(seconds);
  }
}
