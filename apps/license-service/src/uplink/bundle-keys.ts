import type { PublicJwk } from '@behavry/contracts';
import { configuredPublicJwk, publicJwksIn, type Clock, type Logger } from '@behavry/platform';
import type { UplinkStore } from './uplink-store';

export const BUNDLE_KID = 'behavry-bundle';

/**
 * The keys that must sign what this plane takes from its control plane: the configured one, else those that
 * the first answer brought. Once pinned they do not change by themselves.
 */
export class BundleKeys {
  #keys: readonly PublicJwk[];
  #isKept: boolean;
  #warned = false;
  readonly #waiting = new Set<() => void>();

  private constructor(
    keys: readonly PublicJwk[],
    private readonly store: UplinkStore | undefined,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {
    this.#keys = keys;
    this.#isKept = store === undefined || keys.length > 0;
  }

  /** No key yet, and none is remembered: for a system that reads the keys of its own database. */
  static unpinned(clock: Clock, log: Logger): BundleKeys {
    return new BundleKeys([], undefined, clock, log);
  }

  /** @param configuredPem PEM that is pinned whatever was remembered */
  static async load(
    store: UplinkStore,
    configuredPem: string | undefined,
    clock: Clock,
    log: Logger,
  ): Promise<BundleKeys> {
    const keys =
      configuredPem === undefined
        ? ((await store.read()).bundleKeys ?? [])
        : [configuredPublicJwk('BEHAVRY_BUNDLE_PUBLIC_KEY', configuredPem, BUNDLE_KID)];
    return new BundleKeys(keys, store, clock, log);
  }

  get all(): readonly PublicJwk[] {
    return this.#keys;
  }

  /** Pins the first keys that are offered; different ones later are an alarm and change nothing. */
  async offer(keys: unknown): Promise<void> {
    const usable = publicJwksIn(keys);
    if (usable.length === 0) return;
    if (this.#keys.length === 0) {
      this.#keys = usable;
      this.log.info({ kids: usable.map(({ kid }) => kid) }, 'bundle keys are pinned');
      for (const wake of this.#waiting) wake();
    }
    await this.#keep();
    const isSame = usable.some((key) => this.#keys.some(({ kid, n }) => kid === key.kid && n === key.n));
    if (!isSame && !this.#warned) {
      this.#warned = true;
      this.log.error(
        { event: 'bundle_keys_changed' },
        'the control plane shows other bundle keys than the pinned ones',
      );
    }
  }

  /** A pin that could not be stored is in force all the same; the next answer tries again to store it. */
  async #keep(): Promise<void> {
    if (this.#isKept) return;
    this.#isKept = true;
    try {
      await this.store?.write({ bundleKeys: this.#keys, bundleKeysPinnedAt: new Date(this.clock.now()) });
    } catch (error) {
      this.#isKept = false;
      this.log.warn({ err: error }, 'the bundle keys could not be stored yet');
    }
  }

  /** Resolves once there is a key, or when the signal ends. */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.#keys.length > 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }
}
