import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { request, type Dispatcher } from 'undici';
import { objectOf, parsedJson, type PublicJwk } from '@behavry/contracts';
import { boundedBody, configuredPublicJwk, publicJwksIn, type Clock, type Logger } from '@behavry/platform';
import { CONTROL_KID } from './own-key';

const REFRESH_MS = 3_600_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
const UNKNOWN_KEY_MS = 30_000;
const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1024;

export interface ControlKeysOptions {
  readonly controlPlaneUrl: string;
  /** The way there; closed with these keys. */
  readonly http: Dispatcher;
  /** PEM of the key that is pinned: nothing that is fetched takes its place. */
  readonly publicKeyPem: string | undefined;
  /** Folder of the plane's files. */
  readonly dataDir: string;
  /** What a replica that begins with an empty disk goes on with, so that it takes no key from the plane. */
  readonly told: readonly PublicJwk[];
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The control plane's key set on a data plane: fetched at start and every hour, the last good one kept on
 * disk for outages, fetched again at most every 30 s when a token names an unknown key.
 */
export class ControlKeys {
  readonly #file: string;
  readonly #pinned: readonly PublicJwk[];
  #keys: readonly PublicJwk[];
  #changed: (keys: readonly PublicJwk[]) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #lastTryAt = -UNKNOWN_KEY_MS;
  #isClosed = false;

  constructor(private readonly options: ControlKeysOptions) {
    this.#file = join(options.dataDir, 'identity', 'control-keys.json');
    const { publicKeyPem } = options;
    this.#pinned =
      publicKeyPem === undefined
        ? []
        : [configuredPublicJwk('BEHAVRY_JWT_PUBLIC_KEY', publicKeyPem, CONTROL_KID)];
    this.#keys = this.#readFile();
  }

  /** The keys that are trusted now: the pinned one, and fetched ones of other ids. */
  get keys(): readonly PublicJwk[] {
    const pinned = new Set(this.#pinned.map(({ kid }) => kid));
    return [...this.#pinned, ...this.#keys.filter(({ kid }) => !pinned.has(kid))];
  }

  /** Begins to fetch. Calls back with every new set. */
  start(changed: (keys: readonly PublicJwk[]) => void): void {
    this.#changed = changed;
    void this.#cycle();
  }

  /** A token named an unknown key: looks again unless it was done within 30 s. */
  async wanted(): Promise<void> {
    if (this.options.clock.now() - this.#lastTryAt < UNKNOWN_KEY_MS) return;
    await this.#fetch();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.options.http.destroy();
  }

  async #cycle(): Promise<void> {
    const isFetched = await this.#fetch();
    this.#retryMs = isFetched ? FIRST_RETRY_MS : Math.min(this.#retryMs * 2, MAX_RETRY_MS);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#cycle(), isFetched ? REFRESH_MS : this.#retryMs);
    this.#timer.unref();
  }

  async #fetch(): Promise<boolean> {
    const { controlPlaneUrl, http, clock, log } = this.options;
    this.#lastTryAt = clock.now();
    try {
      const { statusCode, body } = await request(
        `${controlPlaneUrl.replace(/\/+$/, '')}/.well-known/jwks.json`,
        {
          dispatcher: http,
          headersTimeout: TIMEOUT_MS,
          bodyTimeout: TIMEOUT_MS,
        },
      );
      const bytes = await boundedBody(body, MAX_BYTES);
      const keys = statusCode === 200 ? keysIn(bytes.toString('utf8')) : [];
      if (keys.length === 0) throw new Error(`the key set could not be used (status ${String(statusCode)})`);
      this.#keys = keys;
      this.#writeFile();
      this.#changed(this.keys);
      return true;
    } catch (error) {
      if (!this.#isClosed)
        log.warn({ err: error }, "the control plane's keys were not fetched; the last good ones stay");
      return false;
    }
  }

  #readFile(): readonly PublicJwk[] {
    try {
      return keysIn(readFileSync(this.#file, 'utf8'));
    } catch {
      return this.options.told;
    }
  }

  #writeFile(): void {
    try {
      mkdirSync(dirname(this.#file), { recursive: true });
      const fresh = `${this.#file}.new`;
      writeFileSync(fresh, JSON.stringify({ keys: this.#keys }), { mode: 0o600 });
      renameSync(fresh, this.#file);
    } catch (error) {
      this.options.log.warn({ err: error }, 'the key set could not be kept on disk');
    }
  }
}

/** @returns the keys of a key set's text that can be used; none for a text that is no key set */
function keysIn(text: string): readonly PublicJwk[] {
  return publicJwksIn(objectOf(parsedJson(text))['keys']);
}
