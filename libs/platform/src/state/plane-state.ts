import { FREQUENT_PLANE_STATE_KEYS, type PlaneStateKey, type PlaneStateValues } from '@behavry/contracts';
import type { Logger } from '../logging/logger';
import type { Clock } from '../time/clock';

export interface Versioned<T> {
  readonly version: number;
  readonly value: T;
}

type Watcher = (state: Versioned<unknown>) => void;

/** Where the values lie. An adapter stores texts by key, counts versions and says what changed. */
export interface PlaneStateStore {
  readAll(): Promise<ReadonlyMap<string, Versioned<string>>>;
  read(key: string): Promise<Versioned<string> | undefined>;
  /** @returns the version that the new text got; versions of one key only rise, also after a loss of the store */
  write(key: string, text: string): Promise<number>;
  /**
   * Calls back with the key and the new version of every change, from now on. Reconnects by itself, and then
   * calls back with an empty key, because something may have been missed.
   */
  follow(changed: (key: string, version: number) => void): Promise<void>;
  close(): Promise<void>;
}

/** Reads the message `version key` by which a store tells of a change. */
export function told(message: string, changed: (key: string, version: number) => void): void {
  const space = message.indexOf(' ');
  changed(message.slice(space + 1), Number(message.slice(0, space)));
}

const RESYNC_MS = 30_000;
const STALE_MS = 90_000;

/**
 * The state of a plane as its apps share it: each value has one owner that writes it; readers hold a
 * snapshot, follow changes and resynchronise every 30 s (architecture: how state moves inside a plane).
 */
export class PlaneState {
  readonly #snapshot = new Map<string, Versioned<unknown>>();
  readonly #owned = new Map<string, string>();
  readonly #watchers = new Map<string, Set<Watcher>>();
  #lastSyncAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: PlaneStateStore,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Loads the snapshot and begins to follow. Fails when the store cannot be reached. */
  async start(): Promise<void> {
    await this.store.follow((key, version) => {
      if (key === '') void this.#resynchroniseQuietly();
      else if (this.#concerns(key, version)) void this.#refresh(key);
    });
    await this.resynchronise();
    this.#timer = setInterval(() => void this.#resynchroniseQuietly(), RESYNC_MS);
    this.#timer.unref();
  }

  /**
   * @returns the last value seen, without waiting; undefined when there never was one. Of a frequent key that
   *   nobody here watches it is as old as the last synchronisation.
   */
  get<K extends PlaneStateKey>(key: K): Versioned<PlaneStateValues[K]> | undefined {
    return this.#snapshot.get(key) as Versioned<PlaneStateValues[K]> | undefined;
  }

  /** Writes a value; only its owner may. @returns the version it got */
  async put<K extends PlaneStateKey>(key: K, value: PlaneStateValues[K]): Promise<number> {
    const text = JSON.stringify(value);
    this.#owned.set(key, text);
    const version = await this.store.write(key, text);
    this.#accept(key, { version, value });
    return version;
  }

  /** Calls back with the present value, if any, and each newer one. @returns a function that ends it */
  watch<K extends PlaneStateKey>(
    key: K,
    watcher: (state: Versioned<PlaneStateValues[K]>) => void,
  ): () => void {
    const own = watcher as Watcher;
    const watchers = this.#watchers.get(key) ?? new Set<Watcher>();
    this.#watchers.set(key, watchers.add(own));
    const present = this.#snapshot.get(key);
    if (present) own(present);
    return () => watchers.delete(own);
  }

  /** Milliseconds since the Unix epoch of the last full synchronisation; 0 before the first. */
  get lastSyncAt(): number {
    return this.#lastSyncAt;
  }

  /** Whether the snapshot is too old to be trusted for revocations (lifecycle: 90 s). */
  get isStale(): boolean {
    return this.clock.now() - this.#lastSyncAt > STALE_MS;
  }

  /** Whether a change is news: not our own, and of a key that somebody here reads. */
  #concerns(key: string, version: number): boolean {
    if ((this.#snapshot.get(key)?.version ?? 0) >= version) return false;
    return !FREQUENT_PLANE_STATE_KEYS.has(key) || (this.#watchers.get(key)?.size ?? 0) > 0;
  }

  /** Reads everything again; an owner whose value the store lost writes it anew. */
  async resynchronise(): Promise<void> {
    const all = await this.store.readAll();
    for (const [key, { version, value }] of all) this.#accept(key, { version, value: JSON.parse(value) });
    for (const [key, text] of this.#owned) {
      if (!all.has(key)) {
        const version = await this.store.write(key, text);
        this.#snapshot.set(key, { version, value: JSON.parse(text) });
      }
    }
    this.#lastSyncAt = this.clock.now();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.store.close();
  }

  async #refresh(key: string): Promise<void> {
    try {
      const state = await this.store.read(key);
      if (state) this.#accept(key, { version: state.version, value: JSON.parse(state.value) });
    } catch (error) {
      this.log.warn(
        { err: error, key },
        'plane state: a change could not be read; the next synchronisation will',
      );
    }
  }

  async #resynchroniseQuietly(): Promise<void> {
    try {
      await this.resynchronise();
    } catch (error) {
      this.log.warn({ err: error }, 'plane state: not synchronised; the last values stay');
    }
  }

  #accept(key: string, state: Versioned<unknown>): void {
    const present = this.#snapshot.get(key);
    if (present && present.version >= state.version) return;
    this.#snapshot.set(key, state);
    for (const watcher of this.#watchers.get(key) ?? []) {
      try {
        watcher(state);
      } catch (error) {
        this.log.error({ err: error, key }, 'plane state: a watcher failed');
      }
    }
  }
}
