import * as pg from 'pg';
import { runMigrations } from 'bullmq';
import { DataSource, type MigrationInterface } from 'typeorm';
import type { Logger } from '../logging/logger';
import type { PlaneKeys } from '../keys/plane-keys';
import { QUEUE_SCHEMA, roleName } from './database-address';
import type { EntityList } from './open-database';
import { ensurePlaneSchema } from './plane-schema';

/** One migration stream with the entities it must agree with. */
export interface SchemaStream {
  readonly name: 'control' | 'data';
  readonly migrations: readonly (new () => MigrationInterface)[];
  readonly entities: EntityList;
}

export interface MigratePlaneOptions {
  /** The database of the plane with its owner's credentials. */
  readonly ownerUrl: string;
  readonly schemas: readonly SchemaStream[];
  readonly keys: PlaneKeys;
  readonly log: Pick<Logger, 'info'>;
}

/**
 * Brings a plane's database up to date: logins, the platform's tables, the queues' tables, then each
 * stream of migrations, and at last asks whether entities and schema still differ. Safe to repeat;
 * two runs at once wait for each other.
 * @throws Error that names the difference when an entity and its table do not agree
 */
export async function migratePlane(options: MigratePlaneOptions): Promise<void> {
  const owner = new pg.Client({ connectionString: options.ownerUrl });
  await owner.connect();
  try {
    await owner.query(`SELECT pg_advisory_lock(hashtext('behavry:migrate'))`);
    const { rows } = await owner.query<{ name: string }>('SELECT current_database() AS name');
    const database = rows[0]?.name ?? '';
    const app = roleName(database, 'app');
    const audit = roleName(database, 'audit');
    await ensureLogin(owner, app, options.keys.databasePassword('app'));
    await ensureLogin(owner, audit, options.keys.databasePassword('audit'));
    await ensurePlaneSchema(owner, app, audit);
    await runMigrations(owner, QUEUE_SCHEMA);
    await owner.query('RESET search_path');
    await grantAll(owner, QUEUE_SCHEMA, [app, audit], 'ALL');
    for (const stream of options.schemas) {
      await owner.query(`CREATE SCHEMA IF NOT EXISTS ${owner.escapeIdentifier(stream.name)}`);
      await owner.query(`GRANT USAGE ON SCHEMA ${stream.name} TO ${quoted(owner, [app, audit])}`);
      await migrateStream(options, stream, { app, audit });
      options.log.info({ schema: stream.name }, 'schema is up to date');
    }
  } finally {
    await owner.end();
  }
}

/**
 * Opens a migration stream as the owner, for {@link migratePlane} and for the tests that go up, down and
 * up again. New tables of the stream are usable by the app login unless a migration revokes it.
 */
export async function openStream(
  ownerUrl: string,
  stream: SchemaStream,
  roles: { readonly app: string; readonly audit: string },
): Promise<DataSource> {
  const source = new DataSource({
    type: 'postgres',
    driver: pg,
    url: ownerUrl,
    schema: stream.name,
    entities: stream.entities,
    migrations: [...stream.migrations],
    migrationsTableName: 'migrations',
    synchronize: false,
    logging: false,
    poolSize: 1,
    extra: {
      options: `-c behavry.app_role=${roles.app} -c behavry.audit_role=${roles.audit}`,
    },
  });
  await source.initialize();
  await source.query(
    `ALTER DEFAULT PRIVILEGES IN SCHEMA ${stream.name} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "${roles.app}"`,
  );
  return source;
}

/** @returns the statements that would make the schema agree with the entities; none when all is well */
export async function schemaDrift(source: DataSource): Promise<readonly string[]> {
  const { upQueries } = await source.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
}

async function migrateStream(
  options: MigratePlaneOptions,
  stream: SchemaStream,
  roles: { readonly app: string; readonly audit: string },
): Promise<void> {
  const source = await openStream(options.ownerUrl, stream, roles);
  try {
    await source.runMigrations({ transaction: 'each' });
    const drift = await schemaDrift(source);
    if (drift.length > 0) {
      throw new Error(`schema ${stream.name} and its entities differ:\n${drift.join('\n')}`);
    }
  } finally {
    await source.destroy();
  }
}

async function ensureLogin(owner: pg.Client, role: string, password: string): Promise<void> {
  const name = owner.escapeIdentifier(role);
  const { rowCount } = await owner.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  const login = `LOGIN PASSWORD ${owner.escapeLiteral(password)}`;
  // An owner that is no superuser may make a role without rights, but not say so again of one that is there.
  await owner.query(
    rowCount === 0
      ? `CREATE ROLE ${name} NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS ${login}`
      : `ALTER ROLE ${name} ${login}`,
  );
}

async function grantAll(
  owner: pg.Client,
  schema: string,
  roles: readonly string[],
  rights: string,
): Promise<void> {
  const to = quoted(owner, roles);
  await owner.query(`GRANT USAGE ON SCHEMA ${schema} TO ${to}`);
  await owner.query(`GRANT ${rights} ON ALL TABLES IN SCHEMA ${schema} TO ${to}`);
  await owner.query(`GRANT ALL ON ALL SEQUENCES IN SCHEMA ${schema} TO ${to}`);
  await owner.query(`GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${schema} TO ${to}`);
}

function quoted(owner: pg.Client, roles: readonly string[]): string {
  return roles.map((role) => owner.escapeIdentifier(role)).join(', ');
}
