import { Gauge, type Registry } from 'prom-client';
import type { LicenseMode, LicenseState } from '@behavry/contracts';
import type { Clock } from '@behavry/platform';
import { GRACE_DAYS } from '../domain/license-state';

const MODES: readonly LicenseMode[] = ['unchecked', 'active', 'expiring', 'grace', 'enforced'];
const GRACE_SECONDS = GRACE_DAYS * 86_400;

/** Shows the licence of a data plane. */
export class LicenseMetrics {
  readonly #states: Gauge<'state'>;
  readonly #expiry: Gauge;
  #firstFailureAt: string | null = null;

  constructor(registry: Registry, clock: Clock) {
    const remaining = (): number => this.#remaining(clock.now());
    this.#states = new Gauge({
      name: 'behavry_license_state',
      help: '1 for the present state of the licence.',
      labelNames: ['state'],
      registers: [registry],
    });
    this.#expiry = new Gauge({
      name: 'behavry_license_expiry_timestamp_seconds',
      help: 'When the licence ends; 0 while no end is known.',
      registers: [registry],
    });
    new Gauge({
      name: 'behavry_license_grace_remaining_seconds',
      help: 'Time until new agents are refused; the whole grace period while the licence is valid.',
      registers: [registry],
      collect() {
        this.set(remaining());
      },
    });
  }

  show(license: LicenseState): void {
    for (const mode of MODES) this.#states.set({ state: mode }, mode === license.state ? 1 : 0);
    this.#expiry.set(license.expires_at === null ? 0 : Date.parse(license.expires_at) / 1000);
    this.#firstFailureAt = license.first_failure_at;
  }

  #remaining(now: number): number {
    if (this.#firstFailureAt === null) return GRACE_SECONDS;
    return Math.max(0, GRACE_SECONDS - (now - Date.parse(this.#firstFailureAt)) / 1000);
  }
}
