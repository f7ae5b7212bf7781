import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { eventually, freePort } from '@behavry/test-components';
import { databaseLogin, type PlaneSpending, type SpendingUse, type SpendingWish } from '../src';
import { PgPlaneSpending, RedisPlaneSpending } from '../src/state/plane-spending';
import { planeStores, type StoreKind } from './plane-stores';

const stores = planeStores();
let made = 0;
const newKey = (): string => `tokens:agent:a:2026-11-${String(made++)}`;
const newId = (): string => `call-${String(made++)}`;
const KEEP = { keepSeconds: 60 };
const wish = (key: string, amount: number, limit: number | null = null): SpendingWish => ({
  ...{ key, amount, limit },
  ...KEEP,
});
const use = (key: string, reserved: number, used: number): SpendingUse => ({
  ...{ key, reserved, used },
  ...KEEP,
});

describe.each(['postgres', 'redis'] as const)('spending of a plane on %s', (kind) => {
  /** What is used and reserved. */
  async function level(spending: PlaneSpending, key: string): Promise<number | undefined> {
    const [answer] = await spending.reserve(newId(), 1, [wish(key, 0)]);
    return answer?.level;
  }

  it('holds what calls reserve up to the limit, and puts what they used in its place', async () => {
    const [one, other] = [stores.spending[kind](), stores.spending[kind]()];
    const key = newKey();
    const [a, b, c] = [newId(), newId(), newId()];
    expect(await one.reserve(a, 60, [wish(key, 60, 100)])).toEqual([{ fits: true, level: 0 }]);
    expect(await other.reserve(b, 60, [wish(key, 41, 100)])).toEqual([{ fits: false, level: 60 }]);
    expect(await other.reserve(b, 60, [wish(key, 40, 100)])).toEqual([{ fits: true, level: 60 }]);
    await one.settle(a, [use(key, 60, 7)]);
    expect(await level(other, key)).toBe(47);
    // What a call uses beyond what it reserved counts all the same.
    await other.settle(b, [use(key, 40, 140)]);
    expect(await one.reserve(c, 60, [wish(key, 1, 100)])).toEqual([{ fits: false, level: 147 }]);
  });

  it('reserves all of a list or nothing, and what has no limit always fits', async () => {
    const spending = stores.spending[kind]();
    const [full, free] = [newKey(), newKey()];
    await spending.reserve(newId(), 60, [wish(full, 9, 10)]);
    const refused = await spending.reserve(newId(), 60, [wish(free, 5), wish(full, 2, 10)]);
    expect(refused).toEqual([
      { fits: true, level: 0 },
      { fits: false, level: 9 },
    ]);
    expect(await level(spending, free)).toBe(0);
    await spending.reserve(newId(), 60, [wish(free, 1_000_000)]);
    expect(await level(spending, free)).toBe(1_000_000);
  });

  it('gives back what nobody settled, once its time is over, and still counts what was used then', async () => {
    const spending = stores.spending[kind]();
    const key = newKey();
    const lost = newId();
    await spending.reserve(lost, 1, [wish(key, 30)]);
    await spending.reserve(newId(), 60, [wish(key, 4)]);
    expect(await level(spending, key)).toBe(34);
    await sleep(1_050);
    expect(await level(spending, key)).toBe(4);
    await spending.settle(lost, [use(key, 30, 25)]);
    expect(await level(spending, key)).toBe(29);
  });

  it('settles a call once, and one that has reserved nothing too', async () => {
    const spending = stores.spending[kind]();
    const key = newKey();
    const call = newId();
    await spending.reserve(call, 60, [wish(key, 30)]);
    await Promise.all([1, 2, 3].map(() => spending.settle(call, [use(key, 30, 20)])));
    await spending.settle(call, [use(key, 30, 20)]);
    expect(await level(spending, key)).toBe(20);
    await spending.settle(newId(), [use(key, 0, 3)]);
    expect(await level(spending, key)).toBe(23);
  });

  it('counts exactly up to what whole numbers hold', async () => {
    const spending = stores.spending[kind]();
    const key = newKey();
    const most = Number.MAX_SAFE_INTEGER;
    await spending.settle(newId(), [use(key, 0, most - 1)]);
    expect(await spending.reserve(newId(), 60, [wish(key, 2, most)])).toEqual([
      { fits: false, level: most - 1 },
    ]);
    expect(await spending.reserve(newId(), 60, [wish(key, 1, most)])).toEqual([
      { fits: true, level: most - 1 },
    ]);
  });

  it('never lets more through than the limit, however many ask at once and in whatever order', async () => {
    const processes = Array.from({ length: 3 }, () => stores.spending[kind]());
    const [a, b] = [newKey(), newKey()];
    let reserved = 0;
    let used = 0;
    const call = async (spending: PlaneSpending, turn: number): Promise<void> => {
      const id = newId();
      const wishes = [wish(a, 10, 1_000), wish(b, 10, 600)];
      const answers = await spending.reserve(id, 60, turn % 2 === 0 ? wishes : wishes.reverse());
      if (!answers.every(({ fits }) => fits)) return;
      reserved += 10;
      expect(reserved + used).toBeLessThanOrEqual(600);
      await sleep(turn % 7);
      reserved -= 10;
      used += 4;
      await spending.settle(id, [use(a, 10, 4), use(b, 10, 4)]);
    };
    for (let round = 0; round < 10; round++)
      await Promise.all(
        processes.flatMap((spending) => Array.from({ length: 20 }, (_, turn) => call(spending, turn))),
      );
    // All that fits was let through: no call of 10 does any more.
    expect(used).toBeGreaterThan(590);
    expect(used).toBeLessThanOrEqual(600);
    expect([await level(processes[0]!, a), await level(processes[1]!, b)]).toEqual([used, used]);
  }, 30_000);
});

describe('what is over', () => {
  it('goes from PostgreSQL with a later call', async () => {
    const pool = new Pool(databaseLogin(stores.url(), 'app', stores.keys));
    stores.onClose(() => pool.end());
    const [over, kept] = [newKey(), newKey()];
    const [early, late] = [newId(), newId()];
    const first = stores.spending.postgres();
    await first.settle(early, [{ ...use(over, 0, 1), keepSeconds: 0 }]);
    await first.reserve(newId(), 0, [wish(kept, 5)]);
    await first.settle(late, [use(kept, 0, 2)]);
    await pool.query('UPDATE plane.spending_settled SET forgotten_at = clock_timestamp() WHERE id = $1', [
      early,
    ]);
    // Another that has not swept for a minute.
    await stores.spending.postgres().reserve(newId(), 60, [wish(kept, 7)]);
    const rows = async (query: string, ...values: readonly unknown[]): Promise<unknown> =>
      (await pool.query<{ row: unknown }>(query, [...values])).rows.map(({ row }) => row);
    await eventually(async () => {
      expect(await rows('SELECT key AS row FROM plane.spending WHERE key = ANY ($1)', [over, kept])).toEqual([
        kept,
      ]);
      expect(
        await rows('SELECT amount::int AS row FROM plane.spending_reservations WHERE key = $1', kept),
      ).toEqual([7]);
      expect(
        await rows('SELECT id AS row FROM plane.spending_settled WHERE id = ANY ($1)', [early, late]),
      ).toEqual([late]);
    });
  });

  it('ends by itself in Redis', async () => {
    const spending = stores.spending.redis();
    const [short, long] = [newKey(), newKey()];
    await spending.reserve(newId(), 60, [{ ...wish(short, 5), keepSeconds: 1 }, wish(long, 5)]);
    const present = async (): Promise<readonly string[]> => {
      const all = await stores.redisKeys('test:spending*');
      return [short, long].flatMap((key) => all.filter((name) => name.endsWith(`:${key}`)).sort());
    };
    expect(await present()).toHaveLength(4);
    await eventually(async () => {
      expect(await present()).toEqual([`test:spending-held:${long}`, `test:spending:${long}`]);
    });
  });

  it.each<StoreKind>(['redis', 'postgres'])(
    'is said by an error when the store is away: %s',
    async (kind) => {
      const port = await freePort();
      const login = { ...databaseLogin(stores.url(), 'app', stores.keys), port };
      const spending =
        kind === 'redis'
          ? new RedisPlaneSpending(`redis://127.0.0.1:${String(port)}`, 'test', stores.log)
          : new PgPlaneSpending(login, stores.log);
      await expect(spending.reserve(newId(), 60, [wish(newKey(), 1)])).rejects.toThrow();
      await expect(spending.settle(newId(), [use(newKey(), 1, 1)])).rejects.toThrow();
      await spending.close();
    },
  );
});
