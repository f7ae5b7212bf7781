/** What one check says; `detail` is for people and never holds a secret. */
export interface HealthState {
  readonly ready: boolean;
  readonly detail?: string;
}

export type HealthCheck = () => HealthState;

/** The named conditions under which a process may take traffic. */
export class HealthRegistry {
  readonly #checks = new Map<string, HealthCheck>();
  #stopping = false;

  /** Adds a condition; it is asked at each probe and must answer at once. */
  register(name: string, check: HealthCheck): void {
    this.#checks.set(name, check);
  }

  /** From now on the process is not ready: it is on its way out. */
  stop(): void {
    this.#stopping = true;
  }

  /** @returns whether all conditions hold, and each one's word */
  report(): { readonly ready: boolean; readonly checks: Readonly<Record<string, HealthState>> } {
    const checks: Record<string, HealthState> = {};
    if (this.#stopping) checks['process'] = { ready: false, detail: 'stopping' };
    for (const [name, check] of this.#checks) checks[name] = check();
    return { ready: Object.values(checks).every(({ ready }) => ready), checks };
  }
}
