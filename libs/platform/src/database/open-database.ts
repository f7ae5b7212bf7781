import * as pg from 'pg';
import { DataSource, type EntityManager, type MixedList, type EntitySchema } from 'typeorm';
import type { DatabaseRole } from '../keys/plane-keys';
import type { ServiceContext } from '../service/service-context';
import { databaseLogin } from './database-address';

/** A class or schema that TypeORM maps. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- TypeORM's own type of an entity class
export type EntityList = MixedList<Function | string | EntitySchema>;

export interface OpenDatabaseOptions {
  /** Which of the plane's two logins; no app connects as owner. */
  readonly role: DatabaseRole;
  readonly entities: EntityList;
  /** Connections at most; 10 when not given. */
  readonly poolSize?: number;
}

/**
 * Opens the plane's database for one app; it is closed with the service.
 * The statement time-out keeps a stuck query from holding a connection for ever.
 */
export async function openDatabase(
  context: ServiceContext,
  options: OpenDatabaseOptions,
): Promise<DataSource> {
  const { host, port, database, user, password, ssl } = databaseLogin(
    context.config.dbUrl,
    options.role,
    context.keys,
  );
  const source = new DataSource({
    type: 'postgres',
    // Named, because a bundle has no node_modules where TypeORM could look for it.
    driver: pg,
    host,
    port,
    database,
    username: user,
    password,
    ...(ssl ? { ssl } : {}),
    entities: options.entities,
    synchronize: false,
    logging: false,
    applicationName: context.app,
    poolSize: options.poolSize ?? 10,
    connectTimeoutMS: 5_000,
    poolErrorHandler: (error: unknown) => {
      context.log.warn({ err: error }, 'database: an idle connection failed');
    },
    extra: { statement_timeout: 30_000, keepAlive: true },
  });
  await source.initialize();
  context.onClose('database', () => source.destroy());
  return source;
}

/**
 * Runs work in one transaction that sees the rows of one tenant only (row-level security).
 * @param tenantId UUID of the tenant
 */
export function withTenant<T>(
  source: DataSource,
  tenantId: string,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return source.transaction(async (manager) => {
    await manager.query(`SELECT set_config('behavry.tenant_id', $1, true)`, [tenantId]);
    return work(manager);
  });
}
