import type { ClaimAnswer, ClaimRequest } from '@behavry/contracts';
import { ALLOW, FakeDecisionEngine } from '../../test/fake-decision-engine';
import { fakeGuard, NOW, sampleConfig, type FakeGuard } from '../../test/fake-guard';
import { codeOf, engine, exchangeOf, message, run } from '../../test/run';
import { toolCall } from './call';
import { Exchange } from './exchange';
import { judgeCall } from './judge-call';
import { previewCalls } from './preview-calls';

describe('what comes back', () => {
  const secret = { text: `token ghp_${'a1B2'.repeat(9)}` };

  it('is blocked when it carries a secret, and the record says so', async () => {
    const guard = fakeGuard();
    expect(codeOf(await run(guard, undefined, () => Promise.resolve(message(secret))))).toBe(
      'dlp_inbound_blocked',
    );
    expect(guard.spool.entries[1]).toMatchObject({
      outcome: 'refused',
      error: 'dlp_inbound_blocked',
      dlp_action: 'blocked',
      dlp_findings: [{ pattern: 'github_token', field: '/text' }],
    });
  });

  it('is redacted when policy asks for it', async () => {
    const guard = fakeGuard({
      engine: engine({ result: 'restrict', obligations: [{ name: 'redact_inbound' }] }),
    });
    const { result } = await run(guard, undefined, () => Promise.resolve(message(secret)));
    expect(result).toMatchObject({
      type: 'message',
      isChanged: true,
      value: { text: 'token [REDACTED:github_token]' },
    });
  });

  it('is refused above the largest size policy allows', async () => {
    const guard = fakeGuard({
      engine: engine({ result: 'restrict', obligations: [{ name: 'max_result_bytes', value: 5 }] }),
    });
    expect(codeOf(await run(guard, undefined, () => Promise.resolve(message('longer'))))).toBe(
      'result_too_large',
    );
  });

  it('may be an upstream failure', async () => {
    const guard = fakeGuard();
    const { result } = await run(guard, undefined, () =>
      Promise.resolve({ kind: 'failed', fault: 'upstream_timeout' }),
    );
    expect(result).toEqual({ type: 'failed', fault: 'upstream_timeout' });
    expect(guard.spool.entries[1]).toMatchObject({ outcome: 'upstream_error', error: 'upstream_timeout' });
  });
});

describe('redaction outbound', () => {
  it('changes what is forwarded and nothing else', async () => {
    const guard = fakeGuard({
      engine: engine({ result: 'restrict', obligations: [{ name: 'redact_outbound' }] }),
    });
    const args = { note: 'password: hunter2hunter2' };
    const { exchange } = await run(guard, toolCall('echo', args));
    expect(exchange.outbound).toMatchObject({
      arguments: { note: '[REDACTED:secret_assignment]' },
      isChanged: true,
    });
    expect(exchange.call?.arguments).toBe(args);
    expect(guard.spool.entries[0]).toMatchObject({ dlp_action: 'redacted' });
  });
});

describe('an escalated exchange', () => {
  const escalated = (answer: ClaimAnswer | undefined, asked: ClaimRequest[] = []): FakeGuard =>
    fakeGuard({
      engine: engine({ result: 'escalate', policy: 'p', reason: 'ask' }),
      claims: {
        claim: (request) => {
          asked.push(request);
          return Promise.resolve(answer);
        },
      },
    });

  it('is claimed with its digest, and forwarded once approved', async () => {
    const asked: ClaimRequest[] = [];
    const guard = escalated({ state: 'approved', escalation_id: 'e1' }, asked);
    const ran = await run(guard);
    expect([codeOf(ran), ran.forwarded]).toEqual(['message', 1]);
    expect(asked).toMatchObject([
      { tool: 'echo', server: 's1', policy: 'p', hold_ms: 20, arguments_digest: ran.exchange.inputHash },
    ]);
    expect(guard.spool.entries[0]).toMatchObject({
      verdict: 'allow',
      reason_code: 'escalation_approved',
      extra: { escalation_id: 'e1' },
    });
  });

  it.each([
    ['pending', 'escalation_pending', 'escalate', 'pending'],
    ['denied', 'escalation_denied', 'deny', 'refused'],
    ['expired', 'escalation_expired', 'deny', 'refused'],
  ] as const)('that is %s is refused with %s', async (state, code, verdict, outcome) => {
    const guard = escalated({ state, escalation_id: 'e1', expires_at: '2026-01-02T00:00:00Z' });
    const ran = await run(guard);
    expect(ran.result).toMatchObject({ refusal: { reasonCode: code, verdict, escalationId: 'e1' } });
    expect([ran.forwarded, guard.spool.entries]).toMatchObject([
      0,
      [{ type: 'whole', verdict, reason_code: code, outcome }],
    ]);
  });

  it('may be asked for by blast radius alone', async () => {
    const guard = fakeGuard({
      claims: { claim: () => Promise.resolve({ state: 'denied', escalation_id: 'e' }) },
    });
    expect(codeOf(await run(guard, toolCall('write_file', { path: '/etc/hosts' })))).toBe(
      'escalation_denied',
    );
  });

  it('ends at once when a kill switch falls while it is held', async () => {
    const guard = fakeGuard({
      engine: engine({ result: 'escalate' }),
      claims: {
        claim: (_request, signal) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              resolve(undefined);
            });
            setImmediate(stop);
          }),
      },
    });
    const stop = (): void => {
      guard.plane.config = fakeGuard({
        document: sampleConfig({
          kill_switches: [{ id: 'k', scope: 'agent', target: 'a1', reason: 'drill' }],
        }),
      }).plane.config;
      guard.open.review(guard.plane);
    };
    const ran = await run(guard);
    expect([codeOf(ran), ran.forwarded]).toEqual(['kill_switch', 0]);
  });
});

describe('an exchange that ends early', () => {
  it('is recorded as aborted when its client goes away', async () => {
    const guard = fakeGuard();
    const exchange = exchangeOf();
    const { result } = await run(
      guard,
      undefined,
      () => {
        exchange.stop('client_aborted');
        return Promise.resolve({ kind: 'failed', fault: 'client_aborted' });
      },
      exchange,
    );
    expect(result).toEqual({ type: 'failed', fault: 'client_aborted' });
    expect(guard.spool.entries[1]).toMatchObject({ outcome: 'aborted', error: 'client_aborted' });
  });

  it('gives nothing to an agent that was stopped meanwhile', async () => {
    const guard = fakeGuard();
    const exchange = exchangeOf();
    const ran = await run(
      guard,
      undefined,
      () => {
        exchange.stop('kill_switch');
        return Promise.resolve(message({}));
      },
      exchange,
    );
    expect(codeOf(ran)).toBe('kill_switch');
    expect(guard.spool.entries[1]).toMatchObject({ outcome: 'aborted', error: 'kill_switch' });
  });

  it('is recorded when a defect throws', async () => {
    const guard = fakeGuard();
    await expect(run(guard, undefined, () => Promise.reject(new Error('defect')))).rejects.toThrow('defect');
    expect(guard.spool.entries[1]).toMatchObject({ outcome: 'aborted' });
  });

  it('stays open as a stream until it is settled, once', async () => {
    const guard = fakeGuard();
    const { exchange } = await run(guard, undefined, () => Promise.resolve({ kind: 'stream', payload: 's' }));
    expect([guard.open.size, guard.spool.entries.length]).toEqual([1, 1]);
    exchange.settle({ outcome: 'ok', responseCode: 200, error: null });
    exchange.settle({ outcome: 'aborted', responseCode: null, error: null });
    await new Promise(setImmediate);
    expect(guard.spool.entries.slice(1)).toMatchObject([{ outcome: 'ok' }]);
  });
});

describe('calls inside an exchange', () => {
  it('are judged and recorded with their parent, and not counted against limits', async () => {
    const guard = fakeGuard({
      document: sampleConfig({
        rate_limits: { agent_per_minute: 1, tenant_per_minute: 1, agent_concurrency: 1 },
      }),
      engine: new FakeDecisionEngine(({ request }) => ({
        ok: true,
        decision: { ...ALLOW, result: request.tool_name === 'drop' ? 'deny' : 'allow', policy: 'p' },
      })),
    });
    const { exchange } = await run(guard);
    const inner = (): Exchange =>
      new Exchange({
        id: 'inner',
        kind: 'mcp',
        startedAt: NOW,
        token: undefined,
        serverId: '',
        model: 'm',
        parent: exchange,
      });
    expect(await judgeCall(guard, inner(), toolCall('echo', {}))).toBeUndefined();
    expect(await judgeCall(guard, inner(), toolCall('drop', {}))).toMatchObject({
      reasonCode: 'policy_deny',
    });
    await new Promise(setImmediate);
    expect(guard.spool.entries.filter(({ type }) => type !== 'outcome').slice(1)).toMatchObject([
      { type: 'decision', tool: 'echo', extra: { parent_id: exchange.id } },
      { type: 'whole', tool: 'drop', verdict: 'deny' },
    ]);
  });

  it('can be previewed without a record', async () => {
    const guard = fakeGuard({
      engine: new FakeDecisionEngine(({ request: { tool_name: tool } }) =>
        tool === 'void'
          ? { ok: false, fault: 'opa_undefined' }
          : { ok: true, decision: { ...ALLOW, result: tool === 'drop' ? 'deny' : 'escalate' } },
      ),
    });
    const calls = ['echo', 'drop', 'void'].map((tool) => toolCall(tool, {}));
    expect(await previewCalls(guard, exchangeOf(), calls)).toEqual(['visible', 'hidden', 'unknown']);
    expect(guard.spool.entries).toEqual([]);
  });
});
