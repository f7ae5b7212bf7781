import { SpoolRepository } from '@behavry/db-data';
import type { PlaneState, ServiceContext } from '@behavry/platform';
import type { DataSource } from 'typeorm';

const RETRY_MS = 500;

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
    private readonly state: PlaneState,
  ) {}

  /** Asks for a publication; several that come while one runs become one. */
  request(): void {
    this.#isWanted = true;
    if (!this.#isRunning && !this.#isClosed) void this.#run();
  }

  /** Publishes if what the proxies see is not what is stored: another writer may have been faster. */
  async compare(): Promise<void> {
    const stored = await new SpoolRepository(this.source.manager).positions();
    const told = this.state.get('audit.positions')?.value.spools ?? {};
    const differs = Object.entries(stored).some(([spoolId, position]) => told[spoolId] !== position);
    if (differs) this.request();
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
        const spools = await new SpoolRepository(this.source.manager).positions();
        await this.state.put('audit.positions', { spools });
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
