import { Pool } from 'pg';
import { CONTROL_ENTITIES, CONTROL_MIGRATIONS } from '@behavry/db-control';
import { DATA_ENTITIES, DATA_MIGRATIONS } from '@behavry/db-data';
import {
  databaseLogin,
  migratePlane,
  noteMigrated,
  openDatabase,
  ServiceContext,
  SigningKeys,
  VERSION,
  type MigrationContext,
  type SchemaStream,
} from '@behavry/platform';
import type { Mode } from '@behavry/contracts';
import type { IdentityConfig } from '../identity-jwks.config';
import { ownKey } from '../keys/own-key';
import { seedControl } from './seed-control';
import { seedData } from './seed-data';

const CONTROL: SchemaStream = { name: 'control', migrations: CONTROL_MIGRATIONS, entities: CONTROL_ENTITIES };
const DATA: SchemaStream = { name: 'data', migrations: DATA_MIGRATIONS, entities: DATA_ENTITIES };

const STREAMS: Readonly<Record<Mode, readonly SchemaStream[]>> = {
  standalone: [CONTROL, DATA],
  'control-plane': [CONTROL],
  'data-plane': [DATA],
};

/**
 * The plane's migration job: brings the schemas of the mode up to date, then makes what a new plane needs
 * (signing key, default tenant, first administrator). Safe to repeat.
 */
export async function migrate({ config, keys, log }: MigrationContext<IdentityConfig>): Promise<void> {
  await migratePlane({ ownerUrl: config.dbUrl, schemas: STREAMS[config.mode], keys, log });
  const context = new ServiceContext('identity-jwks', VERSION, config, keys, log);
  try {
    const pool = new Pool({ ...databaseLogin(config.dbUrl, 'app', keys), max: 1 });
    context.onClose('pool', () => pool.end());
    await ownKey(context, new SigningKeys(pool, keys, context.clock));
    const isDataPlane = config.mode === 'data-plane';
    const entities = isDataPlane ? DATA_ENTITIES : CONTROL_ENTITIES;
    const database = await openDatabase(context, { role: 'app', entities, poolSize: 2 });
    await (isDataPlane ? seedData(context, database) : seedControl(context, database));
  } finally {
    await context.close();
  }
  await noteMigrated(config.dbUrl, VERSION);
}
