import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BLAST_RADIUS_DEFAULTS, bundleFiles, bundleManifest } from '@behavry/domain';
import { PlaneKeys } from '@behavry/platform';
import {
  startTestPostgres,
  startTestRedis,
  tempDir,
  TestIssuer,
  workspaceRoot,
  type TestPostgres,
} from '@behavry/testing';
import { migratedDatabase, type PlaneSchema } from './plane-template';

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
  const keys = PlaneKeys.readOrMake(join(folder, 'secrets', 'plane.key'));
  const postgres = await startTestPostgres();
  const redis = hasRedis ? await startTestRedis() : undefined;
  const dbUrl = await migratedDatabase(postgres, schemas, keys);
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

/** What an app of this plane reads from its environment, whatever app it is. */
export function planeEnvironment(plane: TestPlane): Record<string, string> {
  return {
    BEHAVRY_DB_URL: plane.dbUrl,
    BEHAVRY_DATA_DIR: plane.folder,
    BEHAVRY_SECRETS_DIR: join(plane.folder, 'secrets'),
    BEHAVRY_REDIS_PREFIX: plane.redisPrefix,
    BEHAVRY_LOG_LEVEL: 'silent',
    ...(plane.redisUrl === undefined ? {} : { BEHAVRY_REDIS_URL: plane.redisUrl }),
  };
}

/**
 * Writes the bundle that bundle-server would build from the shipped policies and these.
 * @param policies Rego by its place below the bundle's root, for example `base/mine.rego`
 * @returns its folder, for {@link opaBundleConfig}
 */
export function writePolicyBundle(policies: Readonly<Record<string, string>>): string {
  const folder = tempDir();
  const root = join(workspaceRoot(), 'policies');
  const shipped = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.rego'))
    .map((path) => ({ path, content: readFileSync(join(root, path), 'utf8') }));
  const own = Object.entries(policies).map(([path, content]) => ({ path, content }));
  const files = [
    ...bundleFiles({
      shipped: [...shipped, ...own],
      policies: [],
      settings: { blast_radius: BLAST_RADIUS_DEFAULTS },
    }),
    bundleManifest({ revision: 'r-test', generation: 1, digest: '', policyCount: own.length }),
  ];
  for (const { path, content } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** OPA's configuration for a bundle that lies in a folder. */
export function opaBundleConfig(folder: string): string {
  return JSON.stringify({ bundles: { behavry: { resource: `file://${folder}` } } });
}
