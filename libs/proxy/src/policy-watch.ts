import type { DecisionEngine } from '@behavry/pipeline';

const ASK_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 10_000;

/**
 * Asks the engine for its revision: every second until there is one, then from time to time, for those who watch. Once
 * a policy has been seen {@link hasPolicy} stays true: without an engine the right answer to an agent is a recorded
 * denial, not a closed door.
 */
export class PolicyWatch {
  #hasPolicy = false;
  #isAnswered = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(private readonly engine: DecisionEngine) {}

  get hasPolicy(): boolean {
    return this.#hasPolicy;
  }

  /** Whether the engine named its revision when it was asked last. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** Asks at once, then again and again. */
  async start(): Promise<void> {
    this.#isAnswered = (await this.engine.revision()) !== undefined;
    this.#hasPolicy ||= this.#isAnswered;
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.start(), this.#isAnswered ? LOOK_EVERY_MS : ASK_EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }
}
