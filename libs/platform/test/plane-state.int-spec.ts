import { randomBytes } from 'node:crypto';
import {
  AUDIT_COMMITTED_QUEUE,
  type AppName,
  type ConfigDocument,
  type PlaneStateValues,
} from '@behavry/contracts';
import { eventually } from '@behavry/test-components';
import { Counter, Gauge, Registry } from 'prom-client';
import {
  NextConfig,
  PlaneKeys,
  PlaneSeal,
  PlaneSignalBus,
  PlaneState,
  QueueBroker,
  SystemClock,
  type PlaneStateOptions,
} from '../src';
import { newKeys, planeStores } from './plane-stores';

const stores = planeStores();
const { keys, log } = stores;

describe.each(['postgres', 'redis'] as const)('on %s', (kind) => {
  const forged = new Counter({ name: 'forged', help: 'x', labelNames: ['name'], registers: [] });
  const options = (app: AppName): PlaneStateOptions => ({
    app,
    store: stores.open[kind](),
    seal: new PlaneSeal(keys),
    clock: new SystemClock(),
    log,
    forged,
  });
  const alarms = async (): Promise<number> =>
    (await forged.get()).values.reduce((sum, { value }) => sum + value, 0);

  async function state(app: AppName): Promise<PlaneState> {
    const made = new PlaneState(options(app));
    await made.start();
    stores.onClose(() => {
      made.close();
    });
    return made;
  }

  async function signals(app: AppName): Promise<PlaneSignalBus> {
    const made = new PlaneSignalBus(options(app));
    await made.start();
    return made;
  }

  const risk = (score: number): PlaneStateValues['risk'] => ({
    at: new Date(0).toISOString(),
    agents: { a: { score, tier: 'low' } },
  });
  const scoreIn = (reader: PlaneState): number | undefined => reader.get('risk')?.value.agents['a']?.score;

  describe('plane state', () => {
    it('reaches every reader, in order of its versions, and those who come later', async () => {
      const owner = await state('behavior-monitor');
      const reader = await state('mcp-proxy');
      const seen: number[] = [];
      reader.watch('risk', ({ value }) => seen.push(value.agents['a']?.score ?? -1));
      const first = await owner.put('risk', risk(10));
      await eventually(() => expect(reader.get('risk')?.version).toBe(first));
      const second = await owner.put('risk', risk(80));
      expect(second).toBeGreaterThan(first);
      await eventually(() => expect(seen).toEqual([10, 80]));
      expect(scoreIn(await state('llm-proxy'))).toBe(80);
    });

    it('keeps the order in which its owner wrote, also when it does not wait', async () => {
      const owner = await state('behavior-monitor');
      const versions = await Promise.all([1, 2, 3, 4, 5].map((score) => owner.put('risk', risk(score))));
      expect(versions).toEqual([...versions].sort((a, b) => a - b));
      expect(scoreIn(await state('mcp-proxy'))).toBe(5);
    });

    it('reaches readers also after the store has lost everything', async () => {
      const owner = await state('behavior-monitor');
      const reader = await state('mcp-proxy');
      for (const score of [1, 2, 3]) await owner.put('risk', risk(score));
      await eventually(() => expect(scoreIn(reader)).toBe(3));
      await stores.forget[kind]();
      await owner.put('risk', risk(4));
      await eventually(() => expect(scoreIn(reader)).toBe(4));
      await stores.forget[kind]();
      await owner.resynchronise();
      expect(scoreIn(await state('llm-proxy'))).toBe(4);
    });

    it('is made anew when another replica of its owner wrote meanwhile', async () => {
      const [one, other] = [await state('behavior-monitor'), await state('behavior-monitor')];
      await one.put('risk', risk(0));
      const seen: (number | undefined)[] = [];
      await one.update('risk', async (present) => {
        const score = present?.agents['a']?.score ?? -1;
        seen.push(score);
        if (seen.length === 1) await other.put('risk', risk(10));
        return risk(score + 1);
      });
      expect(seen).toEqual([0, 10]);
      const version = await other.update('risk', () => undefined);
      expect(scoreIn(await state('mcp-proxy'))).toBe(11);
      expect(version).toBe(other.get('risk')?.version);
    });

    it('loses nothing of what many replicas add at once', async () => {
      const writers = await Promise.all([1, 2, 3, 4].map(() => state('mcp-proxy')));
      await Promise.all(
        writers.flatMap((writer, at) =>
          [1, 2, 3].map((n) =>
            writer.update('mcp.replicas', (present) => ({
              replicas: {
                ...present?.replicas,
                [`${String(at)}.${String(n)}`]: { ops_url: 'http://x', at: '' },
              },
            })),
          ),
        ),
      );
      const { replicas } = (await state('audit-writer')).get('mcp.replicas')!.value;
      expect(Object.keys(replicas)).toHaveLength(12);
    });

    it('may be written by its owner alone', async () => {
      const stranger = await state('mcp-proxy');
      await expect(stranger.put('issuers', { issuers: [] })).rejects.toThrow(/belongs to identity-jwks/);
    });

    it('ignores what its owner did not sign, raises the alarm once, and is put right by its owner', async () => {
      const owner = await state('identity-jwks');
      const reader = await state('mcp-proxy');
      await owner.put('issuers', { issuers: [] });
      await eventually(() => expect(reader.get('issuers')).toBeDefined());
      const before = reader.get('issuers');
      const store = stores.open[kind]();
      const evil = JSON.stringify({ issuers: [{ iss: 'evil', keys: [], audiences: ['behavry:person'] }] });
      const version = Date.now() + 1_000_000;
      const other = new PlaneSeal(newKeys());
      const seal = new PlaneSeal(keys);
      const genuine = await store.read('issuers');
      const forgeries = [
        evil,
        `9007199254740991 ${evil}`,
        other.close('identity-jwks', 'state/issuers', { version, text: evil }),
        // Another app's signature, another value's, and the true one over another text or version.
        seal.close('mcp-proxy', 'state/issuers', { version, text: evil }),
        seal.close('identity-jwks', 'state/config', { version, text: evil }),
        `${genuine!.split(' ').slice(0, 2).join(' ')} ${evil}`,
        genuine!.replace(/^\d+/, String(version)),
      ];
      for (const forgery of forgeries) {
        const alarmed = await alarms();
        await store.replace('issuers', (await store.read('issuers'))?.slice(0, 80), forgery);
        await reader.resynchronise();
        expect(reader.get('issuers')).toEqual(before);
        expect(await alarms()).toBe(alarmed + 1);
        expect((await state('llm-proxy')).get('issuers')).toBeUndefined();
      }
      await owner.resynchronise();
      expect((await state('llm-proxy')).get('issuers')?.value).toEqual({ issuers: [] });
    });

    it('does not go back to an older value, even a true one', async () => {
      const owner = await state('behavior-monitor');
      const reader = await state('mcp-proxy');
      const store = stores.open[kind]();
      await owner.put('risk', risk(1));
      const old = await store.read('risk');
      await owner.put('risk', risk(2));
      await eventually(() => expect(scoreIn(reader)).toBe(2));
      await store.replace('risk', (await store.read('risk'))?.slice(0, 80), old!);
      await reader.resynchronise();
      expect(scoreIn(reader)).toBe(2);
      await owner.resynchronise();
      expect(scoreIn(await state('llm-proxy'))).toBe(2);
    });
  });

  describe('signals', () => {
    it('reach those who listen, from those who may send them', async () => {
      const writer = await signals('audit-writer');
      const proxy = await signals('mcp-proxy');
      const heard: unknown[] = [];
      const end = proxy.on('audit.positions', (value) => heard.push(value));
      await writer.send('audit.positions', { spools: { s: 1 } });
      await eventually(() => expect(heard).toEqual([{ spools: { s: 1 } }]));
      end();
      await expect(proxy.send('audit.positions', { spools: { s: 9 } })).rejects.toThrow(/may not send/);
    });

    it('are ignored when none of their senders signed them', async () => {
      const writer = await signals('audit-writer');
      const proxy = await signals('mcp-proxy');
      const heard: unknown[] = [];
      proxy.on('audit.positions', ({ spools }) => heard.push(spools['s']));
      const store = stores.open[kind]();
      const value = { version: 1, text: JSON.stringify({ spools: { s: 666 } }) };
      const alarmed = await alarms();
      await store.tell('signal', 'nonsense');
      await store.tell('signal', `audit.positions audit-writer 1 x ${value.text}`);
      const sealed = new PlaneSeal(keys).close('mcp-proxy', 'signal/audit.positions', value);
      for (const app of ['mcp-proxy', 'audit-writer'])
        await store.tell('signal', `audit.positions ${app} ${sealed}`);
      await writer.send('audit.positions', { spools: { s: 2 } });
      await eventually(() => expect(heard).toEqual([2]));
      expect(await alarms()).toBe(alarmed + 3);
    });
  });

  describe('the next config document', () => {
    const of =
      (wanted: number) =>
      ({ generation }: ConfigDocument): boolean =>
        generation === wanted;

    it('is asked for once by all who want it, and ends the wait of those for whom it has something', async () => {
      const license = await state('license-service');
      const asked = await signals('license-service');
      let wishes = 0;
      asked.on('config.wanted', () => {
        wishes += 1;
        void license.put('config', { generation: wishes } as unknown as ConfigDocument);
      });
      const proxy = await state('mcp-proxy');
      const next = new NextConfig(proxy, await signals('mcp-proxy'), 60_000);
      let isOver = false;
      const other = next.wait(of(2)).then(() => (isOver = true));
      await Promise.all([next.wait(of(1)), next.wait(of(1)), next.wait(of(1))]);
      expect([wishes, isOver]).toEqual([1, false]);
      await license.put('config', { generation: 2 } as unknown as ConfigDocument);
      await other;
      expect(wishes).toBe(1);
      await next.wait(of(2));
    });

    it('is not waited for without end', async () => {
      const next = new NextConfig(await state('llm-proxy'), await signals('llm-proxy'), 50);
      await next.wait(() => false);
    });
  });
});

describe.each(['postgres', 'redis'] as const)('queues on %s', (kind) => {
  it('carry each job once, retry a failed one, and refuse for good what does not fit and what nobody signed', async () => {
    const registry = new Registry();
    const metrics = {
      jobs: new Counter({
        name: 'jobs',
        help: 'x',
        labelNames: ['queue', 'result'] as const,
        registers: [registry],
      }),
      failing: new Gauge({
        name: 'failing',
        help: 'x',
        labelNames: ['queue'] as const,
        registers: [registry],
      }),
    };
    const address = stores.broker[kind]();
    const broker = new QueueBroker('behavior-monitor', address, keys, log, metrics);
    const writer = new QueueBroker('audit-writer', address, keys, log, metrics);
    stores.onClose(() => broker.close());
    stores.onClose(() => writer.close());
    expect(() => broker.producer(AUDIT_COMMITTED_QUEUE)).toThrow(/not a producer/);
    expect(() => {
      writer.consume(AUDIT_COMMITTED_QUEUE, () => Promise.resolve());
    }).toThrow(/not the consumer/);
    const taken: string[] = [];
    let failures = 1;
    broker.consume({ ...AUDIT_COMMITTED_QUEUE, attempts: 3 }, ({ tenant_id: tenant }) => {
      if (tenant === '2' && failures-- > 0) return Promise.reject(new Error('not yet'));
      taken.push(tenant);
      return Promise.resolve();
    });
    const producer = writer.producer({ ...AUDIT_COMMITTED_QUEUE, attempts: 3 });
    for (const tenant of ['1', '2', '3'])
      await producer.add({ tenant_id: tenant, facts: [] }, { jobId: `job-${tenant}` });
    const unfit = { ...AUDIT_COMMITTED_QUEUE, signedText: () => '' };
    await writer.producer(unfit).add({ tenant_id: 't', facts: 'x' as unknown as [] });
    const strangers = new PlaneKeys(randomBytes(32));
    const stranger = new QueueBroker('audit-writer', address, strangers, log, metrics);
    stores.onClose(() => stranger.close());
    await stranger.producer(AUDIT_COMMITTED_QUEUE).add({ tenant_id: 'forged', facts: [] });
    const other = { ...AUDIT_COMMITTED_QUEUE, signedText: () => '["1",[]]' };
    await writer.producer(other).add({ tenant_id: 'forged', facts: [] });
    await eventually(() => expect([...taken].sort()).toEqual(['1', '2', '3']));
    await eventually(async () => expect(await registry.metrics()).toMatch(/jobs\{[^}]*result="failed"\} 4/));
    expect(await registry.metrics()).toMatch(/jobs\{[^}]*result="forged"\} 2/);
    expect(taken).not.toContain('forged');
  });
});
