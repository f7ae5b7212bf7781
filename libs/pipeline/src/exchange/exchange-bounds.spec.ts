import type { ClaimRequest, PolicyDecision } from '@behavry/contracts';
import { ALLOW, FakeDecisionEngine } from '../../test/fake-decision-engine';
import { fakeGuard, NOW, sampleConfig, type FakeGuard } from '../../test/fake-guard';
import { codeOf, engine, exchangeOf, message, run } from '../../test/run';
import { toolCall, type Call } from './call';
import { Exchange } from './exchange';
import { judgeCall } from './judge-call';

const SECRET_NOTE = { note: 'password: hunter2hunter2' };

describe('an obligation is kept or the call is denied', () => {
  async function inside(
    decision: Partial<PolicyDecision>,
    call: Call = toolCall('echo', SECRET_NOTE),
  ): Promise<{ readonly code: string | undefined; readonly guard: FakeGuard }> {
    const guard = fakeGuard({
      engine: new FakeDecisionEngine(({ request }) => ({
        ok: true,
        decision: request.tool_name === 'outer' ? ALLOW : { ...ALLOW, result: 'restrict', ...decision },
      })),
    });
    const { exchange } = await run(guard, toolCall('outer', {}));
    const inner = new Exchange({
      id: 'i',
      kind: 'llm',
      startedAt: NOW,
      token: undefined,
      serverId: '',
      parent: exchange,
    });
    return { code: (await judgeCall(guard, inner, call))?.reasonCode, guard };
  }

  it.each(['redact_outbound', 'redact_inbound', 'max_result_bytes'] as const)(
    '%s cannot be kept inside another exchange',
    async (name) => {
      const { code, guard } = await inside({ obligations: [{ name, value: 5 }] });
      expect(code).toBe('obligation_unkept');
      expect(guard.spool.entries.at(-1)).toMatchObject({ verdict: 'deny', dlp_action: 'logged' });
    },
  );

  it('redact_outbound is kept where there is nothing to take out', async () => {
    const call = toolCall('echo', { note: 'harmless' });
    expect((await inside({ obligations: [{ name: 'redact_outbound' }] }, call)).code).toBeUndefined();
  });

  it('read_only and extra_logging can be kept anywhere', async () => {
    const call = toolCall('read_file', {});
    const obligations = [{ name: 'read_only' }, { name: 'extra_logging' }] as const;
    expect((await inside({ obligations }, call)).code).toBeUndefined();
  });
});

describe('what goes beside the arguments', () => {
  it('is scanned, and blocks', async () => {
    const beside = { _meta: { leak: ['AKIA', 'IOSFODNN7EXAMPLE'].join('') } };
    expect(codeOf(await run(fakeGuard(), toolCall('echo', {}, { beside })))).toBe('dlp_blocked');
  });

  it('is redacted with them', async () => {
    const guard = fakeGuard({
      engine: engine({ result: 'restrict', obligations: [{ name: 'redact_outbound' }] }),
    });
    const { exchange } = await run(guard, toolCall('echo', {}, { beside: { _meta: SECRET_NOTE } }));
    expect(JSON.stringify(exchange.outbound)).toContain('[REDACTED:secret_assignment]');
    expect(JSON.stringify(exchange.outbound)).not.toContain('hunter2');
  });
});

describe('a call that is too large to be judged', () => {
  const large = toolCall(
    'echo',
    { map: Object.fromEntries(Array.from({ length: 5_000 }, (_none, n) => [`k${String(n)}`, n])) },
    { bytes: 60_000 },
  );

  it('is denied, whatever policy says', async () => {
    expect(codeOf(await run(fakeGuard(), large))).toBe('input_too_large');
  });

  it('also when only its resource is', async () => {
    const call = toolCall('read_file', { path: `/${'x'.repeat(5_000)}/..` }, { bytes: 6_000 });
    expect(codeOf(await run(fakeGuard(), call))).toBe('input_too_large');
  });

  it('unless the policy that allows it can judge what was left', async () => {
    const guard = fakeGuard({ engine: engine({ judges_truncated: true }) });
    expect(codeOf(await run(guard, large))).toBe('message');
    expect(guard.engine.asked[0]?.request.truncated).toEqual(['/map/k3999']);
  });
});

describe('who an agent is now counts, not who it was when its token was made', () => {
  const agent = (changes: object): FakeGuard => {
    const [first] = sampleConfig().agents;
    if (!first) throw new Error('the sample has an agent');
    return fakeGuard({ document: sampleConfig({ agents: [{ ...first, ...changes }] }) });
  };

  it('a token from before the secret was changed is no longer good', async () => {
    const after = new Date(NOW).toISOString();
    expect(codeOf(await run(agent({ tokens_not_before: after })))).toBe('session_revoked');
    const before = new Date(NOW - 120_000).toISOString();
    expect(codeOf(await run(agent({ tokens_not_before: before })))).toBe('message');
  });

  it('roles and permissions are those of the configuration', async () => {
    const guard = agent({ roles: ['now'], permissions: ['p'] });
    await run(guard);
    expect(guard.engine.asked[0]?.agent).toMatchObject({ roles: ['now'], permissions: ['p'] });
  });

  it('a suspended tenant stops everything', async () => {
    expect(codeOf(await run(fakeGuard({ document: sampleConfig({ suspended: true }) })))).toBe('kill_switch');
  });

  it('an unknown risk is told as unknown', async () => {
    const guard = fakeGuard();
    guard.plane.risk = { score: 0, tier: 'unknown' };
    await run(guard);
    expect(guard.engine.asked[0]?.agent.risk_tier).toBe('unknown');
  });
});

describe('the record of a decision', () => {
  it('holds no words that an author may have built from the call', async () => {
    const decision = {
      result: 'deny',
      policy: 'p',
      reason: 'no: canary',
      is_reason_constant: false,
    } as const;
    const guard = fakeGuard({ engine: engine(decision) });
    const { result } = await run(guard);
    expect(result).toMatchObject({ refusal: { reason: 'no: canary' } });
    expect(JSON.stringify(guard.spool.entries)).not.toContain('canary');
  });

  it('names every policy that took part', async () => {
    const contributions = [
      { policy: 'behavry.base.x', policy_id: 'id-1', version: 3, verdict: 'allow' },
    ] as const;
    const guard = fakeGuard({ engine: engine({ contributions }) });
    await run(guard);
    expect(guard.spool.entries[0]).toMatchObject({ contributions });
  });

  it('lists a hundred findings of a text made of them', async () => {
    const guard = fakeGuard();
    await run(guard, toolCall('echo', { text: 'a@b.co, '.repeat(5_000) }));
    expect(JSON.stringify(guard.spool.entries[0]).length).toBeLessThan(64 * 1024);
  });
});

describe('a claim', () => {
  it('binds policy, version and registration, and says nothing of the call but what is sealed', async () => {
    const asked: ClaimRequest[] = [];
    const server = {
      id: 's1',
      name: 's1',
      transport: 'streamable-http',
      url: 'https://a.example',
      headers: {},
      command: null,
      args: [],
      env: {},
      enabled: true,
    } as const;
    const guardOf = (url: string): FakeGuard =>
      fakeGuard({
        document: sampleConfig({ mcp_servers: [{ ...server, url }] }),
        engine: engine({
          result: 'escalate',
          policy: 'p',
          policy_id: 'id-1',
          version: 7,
          reason: 'canary',
          is_reason_constant: false,
        }),
        claims: {
          claim: (request) => {
            asked.push(request);
            return Promise.resolve({ state: 'limit' });
          },
        },
      });
    const call = toolCall('run_query', { query: 'canary' });
    expect(codeOf(await run(guardOf('https://a.example'), call))).toBe('escalation_limit');
    await run(guardOf('https://b.example'), call);
    const [first, second] = asked;
    expect(first).toMatchObject({
      policy_id: 'id-1',
      policy_version: 7,
      target: { class: 'query', shown: null },
    });
    expect(first?.server_digest).not.toBe(second?.server_digest);
    expect(JSON.stringify({ ...first, arguments: null })).not.toContain('canary');
  });
});

describe('an answer that nobody is given', () => {
  it('is given up: its exchange was stopped, or cannot be recorded', async () => {
    const stopped = exchangeOf();
    const after = await run(
      fakeGuard(),
      undefined,
      () => {
        stopped.stop('kill_switch');
        return Promise.resolve({ kind: 'stream', payload: 's' });
      },
      stopped,
    );
    expect(after.discarded).toEqual(['s']);
    const guard = fakeGuard();
    guard.spool.write = () => Promise.reject(new Error('disk'));
    const { discarded } = await run(guard, undefined, () => Promise.resolve(message({})));
    expect(discarded).toEqual(['raw']);
  });
});
