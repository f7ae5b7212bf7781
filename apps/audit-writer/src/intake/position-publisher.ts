import { SpoolRepository } from '@behavry/db-data';
import type { PlaneSignalBus, ServiceContext } from '@behavry/platform';
import type { DataSource } from 'typeorm';

const RETRY_MS = 500;
/** A notification of PostgreSQL holds 8 kB. */
const SPOOLS_AT_ONCE = 50;

/**
 * Tells the proxies up to where their spools are stored. What it says always comes from the database, so
 * that nothing is acknowledged that a crash could still take back.
 */
export class PositionPublisher {
  #isRunning = false;
  #isWanted = false;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly context: ServiceContext,
    private readonly source: DataSource,
    private readonly signals: PlaneSignalBus,
  ) {}

  /** Asks for a publication; several that come while one runs become one. */
  request(): void {
    this.#isWanted = true;
    if (!this.#isRunning && !this.#isClosed) void this.#run();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (this.#isWanted && !this.#isClosed) {
        this.#isWanted = false;
        const spools = Object.entries(await new SpoolRepository(this.source.manager).positions());
        for (let from = 0; from < spools.length; from += SPOOLS_AT_ONCE) {
          const some = Object.fromEntries(spools.slice(from, from + SPOOLS_AT_ONCE));
          await this.signals.send('audit.positions', { spools: some });
        }
      }
    } catch (error) {
      this.context.log.warn({ err: error }, 'audit: positions could not be published; trying again');
      this.#isWanted = true;
      this.#retry = setTimeout(() => {
        this.request();
      }, RETRY_MS);
      this.#retry.unref();
    } finally {
      this.#isRunning = false;
    }
  }
}
