import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { CONTROL_ENTITIES, CONTROL_MIGRATIONS } from '@behavry/db-control';
import { DATA_ENTITIES, DATA_MIGRATIONS } from '@behavry/db-data';
import {
  createLogger,
  migratePlane,
  PlaneKeys,
  roleName,
  type DatabaseRole,
  type SchemaStream,
} from '@behavry/platform';
import { databaseUrl } from '@behavry/components';
import { workspaceRoot } from '@behavry/test-components';

export type PlaneSchema = SchemaStream['name'];

const STREAMS: Readonly<Record<PlaneSchema, SchemaStream>> = {
  control: { name: 'control', migrations: CONTROL_MIGRATIONS, entities: CONTROL_ENTITIES },
  data: { name: 'data', migrations: DATA_MIGRATIONS, entities: DATA_ENTITIES },
};
/** Everything that decides what a migrated database looks like. */
const SOURCES = [
  'libs/db-control/src',
  'libs/db-data/src',
  'libs/platform/src/database',
  'node_modules/bullmq/package.json',
];
const ROLES: readonly DatabaseRole[] = ['app', 'audit'];

/**
 * Migrates a database for tests, as `migratePlane` would: an empty one becomes a copy of a template, one that was
 * migrated before stays. The first to ask on a server makes the template; when migrations change, it is another.
 * @param ownerUrl an empty database of `createDatabase`, or one that this function has had before
 * @param schemas the streams that the plane has; none for the platform's own tables alone
 * @param keys the plane's, for the passwords of its two logins
 */
export async function migrateTestDatabase(
  ownerUrl: string,
  schemas: readonly PlaneSchema[],
  keys: PlaneKeys,
): Promise<void> {
  const database = new URL(ownerUrl).pathname.slice(1);
  const template = `behavry_${['plane', ...schemas].join('_')}_${sourcesDigest()}`;
  await onServer(ownerUrl, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [
      roleName(database, 'app'),
    ]);
    if (rowCount === 1) return;
    await ensureTemplate(client, ownerUrl, template, schemas);
    const name = client.escapeIdentifier(database);
    await client.query(`DROP DATABASE ${name}`);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${client.escapeIdentifier(template)}`);
    for (const role of ROLES) {
      const login = client.escapeIdentifier(roleName(database, role));
      const password = client.escapeLiteral(keys.databasePassword(role));
      await client.query(
        `CREATE ROLE ${login} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD ${password}`,
      );
      // What the template's login may do, the copy's may: grants in a copied database name the template's.
      await client.query(`GRANT ${client.escapeIdentifier(roleName(template, role))} TO ${login}`);
    }
  });
}

/** Makes the template unless it is there; several test processes at once make it once. */
async function ensureTemplate(
  client: Client,
  serverUrl: string,
  template: string,
  schemas: readonly PlaneSchema[],
): Promise<void> {
  const isReady = async (): Promise<boolean> => {
    const { rowCount } = await client.query(
      'SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate',
      [template],
    );
    return rowCount === 1;
  };
  if (await isReady()) return;
  await client.query(`SELECT pg_advisory_lock(hashtext('behavry:test-template'))`);
  try {
    if (await isReady()) return;
    const name = client.escapeIdentifier(template);
    // One that is there and no template was left by a process that died on the way.
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${name}`);
    await migratePlane({
      ownerUrl: databaseUrl(serverUrl, template),
      schemas: schemas.map((schema) => STREAMS[schema]),
      keys: new PlaneKeys(createHash('sha256').update(template).digest()),
      log: createLogger('identity-jwks', 'silent', {}),
    });
    for (const role of ROLES)
      await client.query(`ALTER ROLE ${client.escapeIdentifier(roleName(template, role))} NOLOGIN`);
    await client.query(`ALTER DATABASE ${name} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  } finally {
    await client.query(`SELECT pg_advisory_unlock(hashtext('behavry:test-template'))`);
  }
}

let digest: string | undefined;

function sourcesDigest(): string {
  if (digest !== undefined) return digest;
  const hash = createHash('sha256');
  for (const source of SOURCES) addTo(hash, join(workspaceRoot(), source));
  digest = hash.digest('hex').slice(0, 12);
  return digest;
}

function addTo(hash: ReturnType<typeof createHash>, path: string): void {
  if (!/\.(?:ts|json)$/u.test(path)) {
    for (const name of readdirSync(path).sort()) addTo(hash, join(path, name));
  } else hash.update(path).update('\0').update(readFileSync(path)).update('\0');
}

async function onServer(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: databaseUrl(url, 'postgres') });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
