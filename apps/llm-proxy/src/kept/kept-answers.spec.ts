import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlaneStateValues } from '@behavry/contracts';
import { KeyedDigest } from '@behavry/pipeline';
import { PlaneKeys } from '@behavry/platform';
import { KeptAnswers, type KeptAnswer, type KeptAnswersOptions } from './kept-answers';

type Value = PlaneStateValues['llm.kept'];
type Watcher = Parameters<KeptAnswersOptions['state']['watch']>[1];

const keys = PlaneKeys.readOrMake(join(mkdtempSync(join(tmpdir(), 'kept-')), 'plane.key'));
const digest = new KeyedDigest(keys.derive('llm-kept'));

/** What the processes of a plane share. */
class Shared {
  readonly memory = new Map<string, string>();
  readonly seconds: number[] = [];
  value: Value | undefined;
  isAway = false;
  now = Date.UTC(2026, 0, 1);
  readonly faults: unknown[] = [];
  readonly #watchers: Watcher[] = [];

  /** @returns one process's view of it */
  open(): KeptAnswers {
    const there = <T>(does: () => T): Promise<T> =>
      this.isAway ? Promise.reject(new Error('away')) : Promise.resolve(does());
    return new KeptAnswers({
      keys,
      digest,
      now: () => this.now,
      onFault: (error) => this.faults.push(error),
      memory: {
        put: (memories, seconds) =>
          there(() => {
            for (const { key, value } of memories) this.memory.set(key, value);
            this.seconds.push(seconds);
          }),
        get: (names) => there(() => names.map((name) => this.memory.get(name))),
        take: (name) =>
          there(() => {
            const value = this.memory.get(name);
            this.memory.delete(name);
            return value;
          }),
      },
      state: {
        watch: (_key, watcher) => {
          this.#watchers.push(watcher as Watcher);
          return () => true;
        },
        update: async (_key, make) => {
          const made: unknown = await there(() => make(this.value as never));
          const value = made as Value | undefined;
          if (!value) return 0;
          this.value = value;
          for (const watcher of this.#watchers) watcher({ version: 1, value });
          return 1;
        },
      },
    });
  }
}

const OWNER = { tenantId: 't', agentId: 'a1' };
const answer = (said: string): KeptAnswer => ({
  from: 'd1',
  upstream: 'plane',
  escalations: ['e1'],
  said,
  answer: { kind: 'json', status: 200, headers: {}, body: 'canary' },
});

describe('answers that wait', () => {
  let shared: Shared;
  let one: KeptAnswers;
  let two: KeptAnswers;
  const nameOf = (request: string, agentId = 'a1'): string =>
    one.nameOf({ ...OWNER, agentId }, '/chat', request);
  const keep = (request: string, agentId = 'a1', until = shared.now + 60_000): Promise<void> =>
    one.keep(agentId, nameOf(request, agentId), answer(request), until);

  beforeEach(() => {
    shared = new Shared();
    one = shared.open();
    two = shared.open();
  });

  it('are found by every process, and taken once', async () => {
    expect(two.hasAny('a1')).toBe(false);
    await keep('r1');
    const name = nameOf('r1');
    expect([two.hasAny('a1'), two.has(name), two.hasAny('a2')]).toEqual([true, true, false]);
    expect(await two.look(name)).toEqual(answer('r1'));
    const taken = await Promise.all([one.take(name), two.take(name), two.take(name)]);
    expect(taken.filter(Boolean)).toEqual([answer('r1')]);
    expect([one.hasAny('a1'), two.has(name)]).toEqual([false, false]);
  });

  it('have names that differ by tenant, agent, path and request', () => {
    const names = [
      one.nameOf(OWNER, '/chat', 'r1'),
      one.nameOf({ ...OWNER, tenantId: 'u' }, '/chat', 'r1'),
      one.nameOf({ ...OWNER, agentId: 'a2' }, '/chat', 'r1'),
      one.nameOf(OWNER, '/chat?alt=sse', 'r1'),
      one.nameOf(OWNER, '/chat', 'r2'),
    ];
    expect(new Set(names).size).toBe(names.length);
  });

  it('end ten minutes after the last moment at which a person could decide', async () => {
    await keep('r1', 'a1', shared.now + 60_000);
    expect(shared.seconds).toEqual([660]);
    shared.now += 659_999;
    expect(one.hasAny('a1')).toBe(true);
    shared.now += 1;
    expect(one.hasAny('a1')).toBe(false);
    await keep('r2', 'a2');
    expect(Object.keys(shared.value?.answers ?? {})).toEqual([nameOf('r2', 'a2')]);
  });

  it('lie sealed, and open under their own names alone', async () => {
    await keep('r1');
    await keep('r2');
    const [first, second] = [nameOf('r1'), nameOf('r2')];
    const sealed = shared.memory.get(first) ?? '';
    expect(sealed + Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('canary');
    shared.memory.set(second, sealed);
    expect(await one.look(second)).toBeUndefined();
    shared.memory.set(first, `${sealed.slice(0, -4)}AAAA`);
    expect(await one.take(first)).toBeUndefined();
    expect(shared.faults).toHaveLength(2);
  });

  it('are the newest sixteen of an agent; those of others are left alone', async () => {
    await keep('other', 'a2');
    for (let each = 0; each < 17; each++) await keep(`r${String(each)}`);
    expect(one.has(nameOf('r0'))).toBe(false);
    expect(shared.memory.has(nameOf('r0'))).toBe(false);
    for (let each = 1; each < 17; each++) expect(one.has(nameOf(`r${String(each)}`))).toBe(true);
    expect(one.has(nameOf('other', 'a2'))).toBe(true);
    expect(shared.memory.size).toBe(17);
  });

  it('are not kept beyond what a plane has room for', async () => {
    for (let each = 0; each < 520; each++) await keep('r', `agent-${String(each)}`);
    expect(Object.keys(shared.value?.answers ?? {})).toHaveLength(512);
    expect(shared.memory.size).toBe(512);
  });

  it('are nobody’s while the store is away, which nobody hears of but the log', async () => {
    await keep('r1');
    shared.isAway = true;
    await keep('r2');
    expect(await one.look(nameOf('r1'))).toBeUndefined();
    expect(await one.take(nameOf('r1'))).toBeUndefined();
    expect(shared.faults).toHaveLength(3);
    shared.isAway = false;
    expect(await one.look(nameOf('r1'))).toEqual(answer('r1'));
  });
});
