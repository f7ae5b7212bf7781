import type { Logger, PlaneSignalBus } from '@behavry/platform';
import { backOffMs } from '../domain/back-off';
import type { BundleKeys } from './bundle-keys';
import type { ConfigKeeper } from './config-keeper';
import { pause } from './pause';
import type { PlaneHttp } from './plane-http';
import type { UplinkMetrics } from './uplink-metrics';

const HOLD_SECONDS = 45;
/** Time beyond the hold in which the answer must begin. */
const SLACK_MS = 10_000;
const RETRY = { firstMs: 500, maxMs: 30_000 };
const REFUSED_MS = 60_000;
/** An answer that came sooner than this and brought nothing new was not held: do not hammer. */
const UNHELD_MS = 1_000;
const WANTED_EVERY_MS = 500;

export interface ConfigPollerOptions {
  readonly tenantId: string;
  readonly token: () => string | undefined;
  /** Called with the status of every answer. */
  readonly onAnswer: (status: number) => Promise<void>;
  readonly log: Logger;
  readonly metrics: UplinkMetrics;
}

/** Follows the config document by long polling; plain polling of a server that does not hold works too. */
export class ConfigPoller {
  #etag: string | undefined;
  #failures = 0;
  #wake: AbortController = new AbortController();
  #wokenAt = 0;
  #saidUnreachable = false;

  constructor(
    private readonly options: ConfigPollerOptions,
    private readonly http: PlaneHttp,
    private readonly keys: BundleKeys,
    private readonly keeper: ConfigKeeper,
    private readonly signals: PlaneSignalBus,
  ) {}

  /** Polls until the signal ends; waits for a bundle key first, because nothing could be verified. */
  async run(signal: AbortSignal): Promise<void> {
    await this.keys.ready(signal);
    const unwatch = this.signals.on('config.wanted', () => {
      this.#wanted();
    });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const either = AbortSignal.any([signal, this.#wake.signal]);
      await pause(await this.#poll(either), either);
    }
    unwatch();
  }

  /** Somebody met an agent that the document does not name: end a hold or a wait, and look again. */
  #wanted(): void {
    const now = performance.now();
    if (now - this.#wokenAt < WANTED_EVERY_MS) return;
    this.#wokenAt = now;
    this.#wake.abort();
  }

  /** @returns milliseconds to wait before the next poll */
  async #poll(signal: AbortSignal): Promise<number> {
    const { tenantId, token, onAnswer, log, metrics } = this.options;
    const startedAt = performance.now();
    let isAnswered = false;
    try {
      const { status, etag, text } = await this.http.send({
        method: 'GET',
        path: `/api/v1/opa/bundle/${tenantId}?part=config`,
        token: token(),
        headers: {
          prefer: `wait=${String(HOLD_SECONDS)}`,
          ...(this.#etag === undefined ? {} : { 'if-none-match': this.#etag }),
        },
        waitMs: HOLD_SECONDS * 1000 + SLACK_MS,
        signal,
      });
      isAnswered = true;
      metrics.heard('config', status);
      await onAnswer(status);
      const isSoon = performance.now() - startedAt < UNHELD_MS;
      if (status === 304) return this.#good(isSoon ? UNHELD_MS : 0);
      if (status === 401 || status === 403) return REFUSED_MS;
      if (status !== 200) throw new Error(`the config document was not served (status ${String(status)})`);
      const isTaken = await this.keeper.take(text);
      // The tag of a refused document is kept too, or it would be fetched without end.
      this.#etag = etag;
      return this.#good(isTaken && etag !== undefined ? 0 : RETRY.maxMs);
    } catch (error) {
      if (signal.aborted) return 0;
      if (!isAnswered) metrics.heard('config', undefined);
      this.#failures += 1;
      if (!this.#saidUnreachable) {
        this.#saidUnreachable = true;
        log.warn({ err: error }, 'the config document cannot be fetched now; the last good one stays');
      }
      return backOffMs(this.#failures, RETRY, Math.random());
    }
  }

  #good(waitMs: number): number {
    if (this.#saidUnreachable) this.options.log.info('the config document can be fetched again');
    this.#saidUnreachable = false;
    this.#failures = 0;
    return waitMs;
  }
}
