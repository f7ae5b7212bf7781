import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DecisionEntry } from '@behavry/contracts';
import { FakeDecisionEngine } from '../../test/fake-decision-engine';
import { fakeGuard, NOW, sampleConfig, type FakeGuard } from '../../test/fake-guard';
import { codeOf, engine, exchangeOf, message, run, type Ran } from '../../test/run';
import { STAGES } from '../stages/stages';
import { toolCall } from './call';
import { Exchange } from './exchange';

describe('the stages', () => {
  it('ask in the order in which a refusal costs least and tells least', () => {
    expect(STAGES.map(({ name }) => name).join(' → ')).toBe(
      'identify → turn → agent-status → rate-limit → large-limit → parse → tool-status → call-limit → blast-radius → ' +
        'scan-outbound → decide → hold',
    );
  });
});

describe('an allowed exchange', () => {
  it('is forwarded, answered, and recorded as decision and outcome under one id', async () => {
    const guard = fakeGuard();
    const { result, exchange } = await run(guard);
    expect(result).toEqual({ type: 'message', payload: 'raw', value: { ok: 1 }, isChanged: false });
    expect(guard.spool.entries).toMatchObject([
      {
        type: 'decision',
        id: exchange.id,
        tenant_id: 't1',
        agent_id: 'a1',
        session_id: 'j1',
        verdict: 'allow',
        reason_code: 'policy_allow',
        tool: 'echo',
        action: 'echo',
        server: 's1',
        bundle_revision: 'r1',
        config_revision: '20260101T000000Z',
        engine: 'fake',
        risk_score: 12,
      },
      { type: 'outcome', id: exchange.id, outcome: 'ok', response_code: 200, latency_ms: 5, error: null },
    ]);
    expect((guard.spool.entries[0] as DecisionEntry).input_hash).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
    expect(guard.open.size).toBe(0);
  });

  it('records no argument and no result', async () => {
    const guard = fakeGuard();
    await run(guard, toolCall('echo', { text: 'visible-argument' }), () =>
      Promise.resolve(message({ out: 'visible-result' })),
    );
    expect(JSON.stringify(guard.spool.entries)).not.toMatch(/visible/);
  });

  it('is not answered before its decision is durable, while the upstream already works', async () => {
    const guard = fakeGuard();
    let release: () => void = () => undefined;
    guard.spool.write = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    let reached: () => void = () => undefined;
    const upstream = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let answered = false;
    const running = run(guard, undefined, () => {
      reached();
      return Promise.resolve(message({}));
    });
    void running.then(() => {
      answered = true;
    });
    await upstream;
    await new Promise(setImmediate);
    expect(answered).toBe(false);
    guard.spool.write = () => Promise.resolve();
    release();
    expect(codeOf(await running)).toBe('message');
  });
});

describe('an exchange is refused', () => {
  it.each([[undefined], ['bad'], ['foreign']])(
    'as unauthenticated, without a record, with token %s',
    async (token) => {
      const guard = fakeGuard();
      const exchange = new Exchange({
        id: 'x',
        kind: 'mcp',
        startedAt: NOW,
        token,
        serverId: 's1',
        model: '',
      });
      const { result, forwarded } = await run(guard, undefined, undefined, exchange);
      expect(result).toMatchObject({ type: 'refused', refusal: { isUnauthenticated: true } });
      expect([forwarded, guard.spool.entries.length, guard.open.size]).toEqual([0, 0, 0]);
    },
  );

  const kill = (scope: 'tenant' | 'agent' | 'mcp_server' | 'tool', target: string): FakeGuard =>
    fakeGuard({ document: sampleConfig({ kill_switches: [{ id: 'k', scope, target, reason: 'drill' }] }) });

  it.each([
    ['kill_switch', () => kill('tenant', 't1'), {}],
    ['kill_switch', () => kill('tool', 's1/echo'), {}],
    ['policy_deny', () => fakeGuard({ engine: engine({ result: 'deny', policy: 'p', reason: 'no' }) }), {}],
    ['no_matching_rule', () => fakeGuard({ engine: engine({ result: 'deny', policy: '' }) }), {}],
    [
      'opa_timeout',
      () => fakeGuard({ engine: new FakeDecisionEngine(() => ({ ok: false, fault: 'opa_timeout' })) }),
      {},
    ],
    ['dlp_blocked', fakeGuard, { key: ['AKIA', 'IOSFODNN7EXAMPLE'].join('') }],
    ['escalation_unavailable', () => fakeGuard({ engine: engine({ result: 'escalate' }) }), {}],
    [
      'read_only',
      () => fakeGuard({ engine: engine({ result: 'restrict', obligations: [{ name: 'read_only' }] }) }),
      { write: 1 },
    ],
  ] as const)('with %s, recorded, not forwarded', async (code, guardOf, args) => {
    const guard = guardOf();
    const ran = await run(guard, toolCall('write' in args ? 'write_file' : 'echo', args));
    expect(codeOf(ran)).toBe(code);
    expect(ran.forwarded).toBe(0);
    expect(guard.spool.entries).toMatchObject([
      {
        type: 'whole',
        verdict: 'deny',
        reason_code: code,
        outcome: 'refused',
        error: code,
        response_code: -31403,
      },
    ]);
  });

  it('when the agent is suspended, unknown or its session ended', async () => {
    const [agent] = sampleConfig().agents;
    if (!agent) throw new Error('the sample has an agent');
    expect(
      codeOf(
        await run(fakeGuard({ document: sampleConfig({ agents: [{ ...agent, status: 'suspended' }] }) })),
      ),
    ).toBe('agent_suspended');
    const unknown = fakeGuard({ document: sampleConfig({ agents: [] }) });
    expect(codeOf(await run(unknown))).toBe('agent_unknown');
    expect(unknown.plane.refreshed).toBe(1);
    const ended = fakeGuard();
    ended.plane.ended.add('j1');
    expect(codeOf(await run(ended))).toBe('session_revoked');
    const stale = fakeGuard();
    stale.plane.isStale = true;
    expect(codeOf(await run(stale))).toBe('state_stale');
  });

  it('not when a newer configuration knows the agent', async () => {
    const guard = fakeGuard({ document: sampleConfig({ agents: [] }) });
    guard.plane.newer = sampleConfig({ generation: 2 });
    // One that does not know it either may come first, and is looked at for all that is under way.
    guard.plane.whileWaiting = () => {
      guard.open.review(guard.plane);
    };
    expect(codeOf(await run(guard))).toBe('message');
  });

  it('above the rate limit, with a time to come back, and not at once', async () => {
    const guard = fakeGuard({
      document: sampleConfig({
        rate_limits: { agent_per_minute: 2, tenant_per_minute: null, agent_concurrency: null },
      }),
    });
    await run(guard);
    await run(guard);
    const began = performance.now();
    const { result, forwarded } = await run(guard);
    // Who calls again and again must not cost more than who waits; the clocks may differ by a little.
    expect(performance.now() - began).toBeGreaterThan(200);
    expect(result).toMatchObject({ refusal: { reasonCode: 'rate_limited', retryAfterSeconds: 30 } });
    expect(forwarded).toBe(0);
  });

  it('above the rate limit before it is read, when it is large', async () => {
    const guard = fakeGuard({
      document: sampleConfig({
        rate_limits: { agent_per_minute: 2, tenant_per_minute: null, agent_concurrency: null },
      }),
    });
    const large = (): Promise<Ran> => run(guard, undefined, undefined, exchangeOf('good', 2049));
    // It counts once: two pass.
    expect([codeOf(await large()), codeOf(await large())]).toEqual(['message', 'message']);
    const third = await large();
    expect([codeOf(third), third.parsed]).toEqual(['rate_limited', 0]);
  });

  it('above the rate limit, and holds no place among the calls at once while it is told', async () => {
    const guard = fakeGuard({
      document: sampleConfig({
        rate_limits: { agent_per_minute: 1, tenant_per_minute: null, agent_concurrency: 1 },
      }),
    });
    await run(guard);
    const second = run(guard);
    // Its answer takes a quarter of a second; the next one comes at once.
    await nextTurn();
    const third = run(guard);
    expect([codeOf(await second), codeOf(await third)]).toEqual(['rate_limited', 'rate_limited']);
  });

  it('by blast radius, whatever policy says', async () => {
    const guard = fakeGuard();
    expect(codeOf(await run(guard, toolCall('delete_file', { path: '/data' })))).toBe('blast_radius');
    expect(guard.engine.asked).toHaveLength(0);
  });

  it('when it cannot be recorded, before anything is forwarded', async () => {
    const guard = fakeGuard();
    guard.spool.isFull = true;
    const ran = await run(guard);
    expect([codeOf(ran), ran.forwarded]).toEqual(['audit_unavailable', 0]);
  });

  it('when its record fails while the upstream worked: the answer stays back', async () => {
    const guard = fakeGuard();
    guard.spool.write = () => Promise.reject(new Error('disk'));
    expect(codeOf(await run(guard))).toBe('audit_unavailable');
  });
});
