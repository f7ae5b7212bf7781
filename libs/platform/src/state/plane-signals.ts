import { PLANE_SIGNAL_SENDERS, type PlaneSignal, type PlaneSignals } from '@behavry/contracts';
import type { PlaneStateOptions } from './plane-state';

const ALARM_EVERY_MS = 60_000;

type Listener = (value: unknown) => void;

/**
 * Signals between the apps of a plane: told to those who listen at that moment, kept by nobody, so whoever needs an
 * effect asks again or looks for itself. A repeated one does no harm.
 */
export class PlaneSignalBus {
  readonly #listeners = new Map<string, Set<Listener>>();
  #alarmedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: PlaneStateOptions) {}

  /** Begins to hear. Fails when the store cannot be reached. */
  async start(): Promise<void> {
    await this.options.store.follow('signal', (message) => {
      this.#hear(message);
    });
  }

  /**
   * Tells everyone who listens, this process too. On PostgreSQL a value may have 7 kB.
   * @throws Error when this app may not send it, or the store cannot be reached
   */
  async send<S extends PlaneSignal>(signal: S, value: PlaneSignals[S]): Promise<void> {
    const { app, store, seal, clock } = this.options;
    if (!PLANE_SIGNAL_SENDERS[signal].includes(app)) throw new Error(`${app} may not send ${signal}`);
    const sealed = { version: Math.floor(clock.now()), text: JSON.stringify(value) };
    await store.tell('signal', `${signal} ${app} ${seal.close(app, nameOf(signal), sealed)}`);
  }

  /** Calls back with every signal from now on. @returns a function that ends it */
  on<S extends PlaneSignal>(signal: S, listener: (value: PlaneSignals[S]) => void): () => void {
    const own = listener as Listener;
    const listeners = this.#listeners.get(signal) ?? new Set<Listener>();
    this.#listeners.set(signal, listeners.add(own));
    return () => listeners.delete(own);
  }

  #hear(message: string): void {
    const [, signal = '', app = '', sealed = ''] = /^(\S+) (\S+) ([^]*)$/.exec(message) ?? [];
    const listeners = this.#listeners.get(signal);
    if (!listeners?.size) return;
    const { seal, clock, log, forged } = this.options;
    const sender = PLANE_SIGNAL_SENDERS[signal as PlaneSignal].find((each) => each === app);
    const opened = sender && seal.open(sender, nameOf(signal), sealed);
    if (!opened) {
      forged.inc({ name: signal });
      if (clock.now() - this.#alarmedAt < ALARM_EVERY_MS) return;
      this.#alarmedAt = clock.now();
      log.error(
        { event: 'plane_signal_forged', signal },
        'a signal that none of its senders sent is ignored',
      );
      return;
    }
    const value: unknown = JSON.parse(opened.text);
    for (const listener of listeners) {
      try {
        listener(value);
      } catch (error) {
        log.error({ err: error, signal }, 'a listener of a signal failed');
      }
    }
  }
}

function nameOf(signal: string): string {
  return `signal/${signal}`;
}
