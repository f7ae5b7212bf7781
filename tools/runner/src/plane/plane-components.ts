import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  databaseUrl,
  dropDatabase,
  ensureDatabase,
  PostgresComponent,
  RedisComponent,
  type ProcessEvents,
} from '@behavry/components';
import { logFile, planeFolder, type PlaneSettings } from './plane-settings';

/** Where a plane's database and queues are. */
export interface ComponentAddresses {
  /** The plane's database, with its owner's credentials. */
  readonly ownerUrl: string;
  readonly database: string;
  /** Absent: the queues live in PostgreSQL. */
  readonly redisUrl?: string;
}

/** PostgreSQL and Redis of one plane: those of the environment, or our own. */
export class PlaneComponents {
  #postgres: PostgresComponent | undefined;
  #redis: RedisComponent | undefined;

  constructor(
    private readonly settings: PlaneSettings,
    private readonly events: ProcessEvents,
  ) {}

  /** @param isReset whether the plane's database in a given server is to be removed first */
  async start(isReset: boolean): Promise<ComponentAddresses> {
    const [addresses, redisUrl] = await Promise.all([this.#startPostgres(isReset), this.#startRedis()]);
    return { ...addresses, ...(redisUrl === undefined ? {} : { redisUrl }) };
  }

  async stop(): Promise<void> {
    await Promise.all([this.#postgres?.stop(), this.#redis?.stop()]);
  }

  async #startPostgres(isReset: boolean): Promise<{ ownerUrl: string; database: string }> {
    const { settings, events } = this;
    const given = process.env['BEHAVRY_DB_URL'];
    if (given) {
      // Several data folders may share a server: each has databases and logins of its own.
      const folderKey = createHash('sha256').update(settings.dataDir).digest('hex').slice(0, 8);
      const database = `behavry_${settings.name}_${folderKey}`;
      if (isReset) await dropDatabase(given, database);
      await ensureDatabase(given, database);
      return { ownerUrl: databaseUrl(given, database), database };
    }
    const database = `behavry_${settings.name}`;
    this.#postgres = new PostgresComponent({
      root: settings.root,
      folder: join(planeFolder(settings), 'postgres'),
      logFile: logFile(settings, 'postgres'),
      ledger: settings.ledger,
      events,
      say: settings.say,
      isReset,
    });
    await this.#postgres.start();
    await ensureDatabase(this.#postgres.url, database);
    return { ownerUrl: databaseUrl(this.#postgres.url, database), database };
  }

  async #startRedis(): Promise<string | undefined> {
    const { settings, events } = this;
    const given = process.env['BEHAVRY_REDIS_URL'];
    if (given !== undefined) return given === '' ? undefined : given;
    this.#redis = new RedisComponent({
      folder: join(planeFolder(settings), 'redis'),
      logFile: logFile(settings, 'redis'),
      ledger: settings.ledger,
      events,
    });
    if (await this.#redis.start()) return this.#redis.url;
    settings.say('no redis-server on PATH: the queues live in PostgreSQL');
    return undefined;
  }

  /** Port of a component of our own. */
  portOf(name: string): number | null {
    return (
      (name === 'postgres' ? this.#postgres?.port : name === 'redis' ? this.#redis?.port : undefined) ?? null
    );
  }
}
