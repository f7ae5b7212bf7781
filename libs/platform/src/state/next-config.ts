import type { ConfigDocument } from '@behavry/contracts';
import type { PlaneSignalBus } from './plane-signals';
import type { PlaneState } from './plane-state';

const WAIT_MS = 2_000;

/**
 * Waits for a config document that has something the present one has not: whoever meets an agent that is not known makes
 * the plane look once (lifecycle: new agents). All who wait at the same time share one question.
 */
export class NextConfig {
  #waiting = 0;

  /** @param waitMs longest time to wait */
  constructor(
    private readonly state: PlaneState,
    private readonly signals: PlaneSignalBus,
    private readonly waitMs = WAIT_MS,
  ) {}

  /**
   * Resolves when a document has it, or none had in time: one that is merely newer may have been made before. Never
   * throws.
   */
  async wait(has: (document: ConfigDocument) => boolean): Promise<void> {
    let end: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (end = resolve));
    const timer = setTimeout(end, this.waitMs);
    const unwatch = this.state.watch('config', ({ value }) => {
      if (has(value)) end();
    });
    // A plane that cannot be asked may still be told by itself.
    if (this.#waiting++ === 0) this.signals.send('config.wanted', null).catch(() => undefined);
    await arrived;
    this.#waiting--;
    unwatch();
    clearTimeout(timer);
  }
}
