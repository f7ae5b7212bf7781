import type { PlaneSignalBus } from './plane-signals';
import type { PlaneState } from './plane-state';

const WAIT_MS = 2_000;

/**
 * Waits for a config document that is newer than the present one: whoever meets an agent that is not known makes the
 * plane look once (lifecycle: new agents). All who ask meanwhile share one question.
 */
export class NextConfig {
  #asking: Promise<void> | undefined;

  /** @param waitMs longest time to wait */
  constructor(
    private readonly state: PlaneState,
    private readonly signals: PlaneSignalBus,
    private readonly waitMs = WAIT_MS,
  ) {}

  /** Resolves when a newer document has arrived, or none came in time. Never throws. */
  wait(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #ask(): Promise<void> {
    const before = this.state.get('config')?.version ?? 0;
    let end: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (end = resolve));
    const timer = setTimeout(end, this.waitMs);
    const unwatch = this.state.watch('config', ({ version }) => {
      if (version > before) end();
    });
    // A plane that cannot be asked may still be told by itself.
    this.signals.send('config.wanted', null).catch(() => undefined);
    await arrived;
    unwatch();
    clearTimeout(timer);
  }
}
