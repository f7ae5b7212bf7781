import { join } from 'node:path';
import { freePort, RedisComponent } from '@behavry/components';
import { testHome } from './test-ledger';

/** A real Redis for tests. */
export interface TestRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Uses the server of `BEHAVRY_TEST_REDIS_URL`, else starts one.
 * @returns undefined when this machine has no `redis-server`
 */
export async function startTestRedis(): Promise<TestRedis | undefined> {
  const given = process.env['BEHAVRY_TEST_REDIS_URL'];
  if (given !== undefined) return { url: given, stop: () => Promise.resolve() };
  const { folder, ledger } = await testHome();
  const server = new RedisComponent({
    folder: join(folder, `redis-${await freePort()}`),
    logFile: join(folder, 'redis.log'),
    ledger,
  });
  return (await server.start()) ? server : undefined;
}
