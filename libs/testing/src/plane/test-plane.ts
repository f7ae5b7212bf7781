import { join } from 'node:path';
import { PlaneKeys } from '@behavry/platform';
import { startTestPostgres, startTestRedis, tempDir, type TestPostgres } from '@behavry/test-components';
import { migrateTestDatabase, type PlaneSchema } from './plane-template';
import { TestIssuer } from './test-issuer';

/** Where the apps of a plane under test live: database, queue backend, keys, and who signs its tokens. */
export interface TestPlane {
  readonly postgres: TestPostgres;
  /** Owner's URL; apps use host, port and name of it. */
  readonly dbUrl: string;
  /** Undefined: PostgreSQL serves queues and plane state. */
  readonly redisUrl: string | undefined;
  /** A key prefix of its own, so that one Redis serves all planes. */
  readonly redisPrefix: string;
  /** For data, spools and secrets. */
  readonly folder: string;
  readonly keys: PlaneKeys;
  readonly issuer: TestIssuer;
  stop(): Promise<void>;
}

export interface TestPlaneOptions {
  readonly schemas: readonly PlaneSchema[];
  /** Whether Redis serves queues and plane state; tests that ask for it are in `describeWithRedis`. */
  readonly hasRedis?: boolean;
}

/** Makes one, empty but migrated. */
export async function startTestPlane({ schemas, hasRedis = false }: TestPlaneOptions): Promise<TestPlane> {
  const folder = tempDir();
  const keys = PlaneKeys.readOrMake(join(folder, 'plane.key'));
  const postgres = await startTestPostgres();
  const redis = hasRedis ? await startTestRedis() : undefined;
  const dbUrl = await postgres.createDatabase();
  await migrateTestDatabase(dbUrl, schemas, keys);
  return {
    postgres,
    dbUrl,
    redisUrl: redis?.url,
    redisPrefix: new URL(dbUrl).pathname.slice(1),
    folder,
    keys,
    issuer: new TestIssuer(),
    async stop() {
      await redis?.stop();
      await postgres.stop();
    },
  };
}
