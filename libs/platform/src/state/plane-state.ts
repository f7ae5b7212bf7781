import type { Counter } from 'prom-client';
import {
  PLANE_STATE_OWNERS,
  type AppName,
  type PlaneStateKey,
  type PlaneStateValues,
} from '@behavry/contracts';
import type { Logger } from '../logging/logger';
import type { Clock } from '../time/clock';
import type { PlaneSeal, Sealed } from './plane-seal';
import { HEAD_CHARACTERS, type PlaneStore } from './plane-store';

export interface Versioned<T> {
  /** Rises with every write, also after a loss of the store: never below the writer's clock in milliseconds. */
  readonly version: number;
  readonly value: T;
}

type Watcher = (state: Versioned<unknown>) => void;

/**
 * Makes the next value of the newest one seen, at most once for each state of the store.
 * @param storedVersion version of what lies in the store, 0 for nothing of its owner's
 * @returns undefined when it stays as it is
 */
type Make = (present: Versioned<unknown> | undefined, storedVersion: number) => unknown;

export interface PlaneStateOptions {
  /** Who reads, writes and sends here. */
  readonly app: AppName;
  readonly store: PlaneStore;
  readonly seal: PlaneSeal;
  readonly clock: Clock;
  readonly log: Logger;
  /** Counts texts in the store that none who may write or send them signed. */
  readonly forged: Counter<'name'>;
}

const RESYNC_MS = 30_000;
const STALE_MS = 90_000;
const KEYS = Object.keys(PLANE_STATE_OWNERS) as PlaneStateKey[];

/**
 * The state of a plane as its apps share it: each value has one owner that writes and signs it; readers hold a
 * snapshot, follow changes and resynchronise every 30 s (architecture: how state moves inside a plane). What the owner
 * did not sign, and what is older than what was seen, is ignored.
 */
export class PlaneState {
  readonly #snapshot = new Map<PlaneStateKey, Versioned<unknown>>();
  readonly #watchers = new Map<PlaneStateKey, Set<Watcher>>();
  /** Texts that were found forged, so that each raises one alarm. */
  readonly #forged = new Map<PlaneStateKey, string>();
  /** One write at a time, in the order in which they were asked for. */
  #turn: Promise<unknown> = Promise.resolve();
  #lastSyncAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: PlaneStateOptions) {}

  /** Loads the snapshot and begins to follow. Fails when the store cannot be reached. */
  async start(): Promise<void> {
    await this.options.store.follow('changed', (key) => {
      if (key === '') void this.#quietly(this.resynchronise());
      else if (isKey(key)) void this.#quietly(this.#refresh(key));
    });
    await this.resynchronise();
    this.#timer = setInterval(() => void this.#quietly(this.resynchronise()), RESYNC_MS);
    this.#timer.unref();
  }

  /** @returns the last value seen, without waiting; undefined when there never was one */
  get<K extends PlaneStateKey>(key: K): Versioned<PlaneStateValues[K]> | undefined {
    return this.#snapshot.get(key) as Versioned<PlaneStateValues[K]> | undefined;
  }

  /**
   * Writes a value, whatever stood there.
   * @returns the version it got
   * @throws Error when this app is not its owner, or the store cannot be reached
   */
  put<K extends PlaneStateKey>(key: K, value: PlaneStateValues[K]): Promise<number> {
    return this.update(key, () => value);
  }

  /**
   * Writes what is made of the present value. It is made anew whenever another replica of the owner wrote meanwhile, so
   * what it reads elsewhere is never older than what it replaces.
   * @param make gives undefined when the value stays as it is
   * @returns the version that stands now; 0 when there is none
   * @throws Error when this app is not its owner, the store cannot be reached, and what `make` throws
   */
  async update<K extends PlaneStateKey>(
    key: K,
    make: (
      present: PlaneStateValues[K] | undefined,
    ) => PlaneStateValues[K] | undefined | Promise<PlaneStateValues[K] | undefined>,
  ): Promise<number> {
    const { app } = this.options;
    if (PLANE_STATE_OWNERS[key] !== app)
      throw new Error(
        `plane state: ${key} belongs to ${PLANE_STATE_OWNERS[key]}, and ${app} may not write it`,
      );
    return this.#inTurn(key, (present) => make(present?.value as PlaneStateValues[K] | undefined));
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
    return this.options.clock.now() - this.#lastSyncAt > STALE_MS;
  }

  /** Reads everything again; an owner whose value was lost, forged or put back to an old one writes it anew. */
  async resynchronise(): Promise<void> {
    const all = await this.options.store.readAll();
    for (const key of KEYS) this.#take(key, all.get(key));
    const isNewer: Make = (present, storedVersion) =>
      present && present.version > storedVersion ? present.value : undefined;
    for (const [key, present] of this.#snapshot) {
      if (PLANE_STATE_OWNERS[key] !== this.options.app) continue;
      const storedVersion = this.#open(key, all.get(key))?.version ?? 0;
      if (isNewer(present, storedVersion) !== undefined) await this.#inTurn(key, isNewer);
    }
    this.#lastSyncAt = this.options.clock.now();
  }

  /** Ends the resynchronisation; the store is its opener's to close. */
  close(): void {
    clearInterval(this.#timer);
  }

  #inTurn(key: PlaneStateKey, make: Make): Promise<number> {
    const written = this.#turn.then(() => this.#write(key, make));
    this.#turn = written.catch(() => undefined);
    return written;
  }

  async #write(key: PlaneStateKey, make: Make): Promise<number> {
    const { app, store, seal, clock } = this.options;
    for (;;) {
      const stored = await store.read(key);
      this.#take(key, stored);
      const present = this.#snapshot.get(key);
      const value = await make(present, this.#open(key, stored)?.version ?? 0);
      if (value === undefined) return present?.version ?? 0;
      const version = Math.max(Math.floor(clock.now()), (present?.version ?? 0) + 1);
      const text = JSON.stringify(value);
      const sealed = seal.close(app, nameOf(key), { version, text });
      // Another replica may have written meanwhile: then this one is newer than that.
      if (!(await store.replace(key, stored?.slice(0, HEAD_CHARACTERS), sealed))) continue;
      this.#accept(key, { version, value: JSON.parse(text) });
      await store.tell('changed', key);
      return version;
    }
  }

  async #refresh(key: PlaneStateKey): Promise<void> {
    this.#take(key, await this.options.store.read(key));
  }

  #take(key: PlaneStateKey, stored: string | undefined): void {
    const opened = this.#open(key, stored);
    if (opened) this.#accept(key, { version: opened.version, value: JSON.parse(opened.text) });
  }

  /** @returns what the owner wrote; undefined when there is nothing, or somebody else wrote it */
  #open(key: PlaneStateKey, stored: string | undefined): Sealed | undefined {
    if (stored === undefined) return undefined;
    const opened = this.options.seal.open(PLANE_STATE_OWNERS[key], nameOf(key), stored);
    if (!opened && this.#forged.get(key) !== stored) {
      this.#forged.set(key, stored);
      this.options.forged.inc({ name: key });
      this.options.log.error(
        { event: 'plane_state_forged', key },
        'plane state: a value was not written by its owner and is ignored; look who else reaches Redis or the database',
      );
    }
    return opened;
  }

  async #quietly(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.options.log.warn({ err: error }, 'plane state: not synchronised; the last values stay');
    }
  }

  #accept(key: PlaneStateKey, state: Versioned<unknown>): void {
    const present = this.#snapshot.get(key);
    if (present && present.version >= state.version) return;
    this.#snapshot.set(key, state);
    for (const watcher of this.#watchers.get(key) ?? []) {
      try {
        watcher(state);
      } catch (error) {
        this.options.log.error({ err: error, key }, 'plane state: a watcher failed');
      }
    }
  }
}

function isKey(key: string): key is PlaneStateKey {
  return Object.hasOwn(PLANE_STATE_OWNERS, key);
}

function nameOf(key: PlaneStateKey): string {
  return `state/${key}`;
}
