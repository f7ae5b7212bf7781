import type { DecisionEngine } from '@behavry/pipeline';

const ASK_EVERY_MS = 1_000;

/**
 * Asks the engine for its revision until there is one. Once a policy has been seen this stays true:
 * without an engine the right answer to an agent is a recorded denial, not a closed door.
 */
export class PolicyWatch {
  #revision: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(private readonly engine: DecisionEngine) {}

  get hasPolicy(): boolean {
    return this.#revision !== undefined;
  }

  /** Asks at once, then every second until there is an answer. */
  async start(): Promise<void> {
    this.#revision = await this.engine.revision();
    if (this.#revision !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => void this.start(), ASK_EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }
}
