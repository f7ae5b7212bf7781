import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import {
  startTestPostgres,
  startTestRedis,
  type TestPostgres,
  type TestRedis,
} from '@behavry/test-components';
import {
  createLogger,
  databaseLogin,
  migratePlane,
  PgNotifications,
  PlaneKeys,
  type Logger,
  type PlaneBuckets,
  type PlaneMemory,
  type PlaneSpending,
  type PlaneStore,
} from '../src';
import type { BrokerAddress } from '../src/queues/queue-broker';
import { PgPlaneBuckets, RedisPlaneBuckets } from '../src/state/plane-buckets';
import { PgPlaneSpending, RedisPlaneSpending } from '../src/state/plane-spending';
import { PgPlaneMemory, RedisPlaneMemory } from '../src/state/plane-memory';
import { PgPlaneStore } from '../src/state/pg-plane-store';
import { RedisPlaneStore } from '../src/state/redis-plane-store';

export type StoreKind = 'redis' | 'postgres';

/** A plane's PostgreSQL and Redis, and its key. */
export interface PlaneStores {
  readonly keys: PlaneKeys;
  readonly log: Logger;
  readonly open: Record<StoreKind, () => PlaneStore>;
  readonly memory: Record<StoreKind, () => PlaneMemory>;
  readonly buckets: Record<StoreKind, () => PlaneBuckets>;
  readonly spending: Record<StoreKind, () => PlaneSpending>;
  /** The owner's URL of the database. */
  readonly url: () => string;
  readonly redisKeys: (pattern: string) => Promise<readonly string[]>;
  /** Loses everything that the store holds. */
  readonly forget: Record<StoreKind, () => Promise<void>>;
  readonly broker: Record<StoreKind, () => BrokerAddress>;
  /** Something to close after the last test, before what was opened earlier. */
  readonly onClose: (close: () => unknown) => void;
}

/** @returns a plane key that nobody else has */
export function newKeys(): PlaneKeys {
  return PlaneKeys.readOrMake(join(mkdtempSync(join(tmpdir(), 'platform-')), 'plane.key'));
}

/** Starts everything for the tests of the file it is called in. */
export function planeStores(): PlaneStores {
  const log = createLogger('identity-jwks', 'silent', {});
  const keys = newKeys();
  const closers: (() => unknown)[] = [];
  let postgres: TestPostgres;
  let redis: TestRedis | undefined;
  let url: string;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    redis = await startTestRedis();
    url = await postgres.createDatabase();
    await migratePlane({ ownerUrl: url, schemas: [], keys, log });
  }, 120_000);

  afterAll(async () => {
    for (const close of closers.reverse()) await close();
    await redis?.stop();
    await postgres.stop();
  });

  return {
    keys,
    log,
    onClose: (close) => closers.push(close),
    url: () => url,
    redisKeys: async (pattern) => {
      const client = new Redis(redis!.url);
      const found = await client.keys(pattern);
      client.disconnect();
      return found;
    },
    open: {
      redis: () => {
        const made = new RedisPlaneStore(redis!.url, 'test', log);
        closers.push(() => made.close());
        return made;
      },
      postgres: () => {
        const login = databaseLogin(url, 'app', keys);
        const pool = new Pool(login);
        const notifications = new PgNotifications(login, log);
        closers.push(
          () => pool.end(),
          () => notifications.close(),
        );
        return new PgPlaneStore(pool, notifications);
      },
    },
    memory: {
      redis: () => {
        const made = new RedisPlaneMemory(redis!.url, 'test', log);
        closers.push(() => made.close());
        return made;
      },
      postgres: () => {
        const pool = new Pool(databaseLogin(url, 'app', keys));
        closers.push(() => pool.end());
        return new PgPlaneMemory(pool);
      },
    },
    buckets: {
      redis: () => {
        const made = new RedisPlaneBuckets(redis!.url, 'test', log);
        closers.push(() => made.close());
        return made;
      },
      postgres: () => {
        const made = new PgPlaneBuckets(databaseLogin(url, 'app', keys), log);
        closers.push(() => made.close());
        return made;
      },
    },
    spending: {
      redis: () => {
        const made = new RedisPlaneSpending(redis!.url, 'test', log);
        closers.push(() => made.close());
        return made;
      },
      postgres: () => {
        const made = new PgPlaneSpending(databaseLogin(url, 'app', keys), log);
        closers.push(() => made.close());
        return made;
      },
    },
    forget: {
      postgres: async () => {
        const pool = new Pool({ connectionString: url });
        await pool.query('TRUNCATE plane.plane_state');
        await pool.end();
      },
      redis: async () => {
        const client = new Redis(redis!.url);
        await client.flushall();
        client.disconnect();
      },
    },
    broker: {
      redis: () => ({ kind: 'redis', url: redis!.url, prefix: 'test' }),
      postgres: () => ({ kind: 'postgres', login: databaseLogin(url, 'app', keys) }),
    },
  };
}
