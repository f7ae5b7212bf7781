import { toolCall } from './call';
import { Exchange } from './exchange';
import { refuse } from './refusal';
import { fakeGuard, NOW, sampleConfig } from '../../test/fake-guard';
import { FakeSpan } from '../../test/fake-span';
import { engine, message, run } from '../../test/run';

const SECRET = 'AKIAQ3EGRIP5WLXNTB7D';

function traced(root: FakeSpan): Exchange {
  const exchange = new Exchange({
    id: 'x1',
    kind: 'mcp',
    startedAt: NOW,
    token: 'good',
    serverId: 's1',
    span: root,
  });
  exchange.method = 'tools/call';
  return exchange;
}

describe('a traced exchange', () => {
  it('has a span for each step that waits, all ended, under its own', async () => {
    const root = new FakeSpan('request');
    await run(fakeGuard(), toolCall('echo', { text: SECRET.slice(4) }), undefined, traced(root));
    const [own] = root.children;
    expect(own?.name).toBe('tools/call echo');
    expect(own?.children.map(({ name }) => name)).toEqual(['decide', 'record', 'tools/call echo']);
    expect([own, ...(own?.children ?? [])].map((span) => span?.ends)).toEqual([1, 1, 1, 1]);
    expect(own?.fault).toBeUndefined();
    expect(JSON.stringify(own)).not.toContain(SECRET.slice(4));
  });

  it('has a span for its limits only where they are waited for', async () => {
    const rate_limits = { agent_per_minute: 9, tenant_per_minute: null, agent_concurrency: null };
    const guard = fakeGuard({ document: sampleConfig({ rate_limits }) });
    const allowed = { allowed: true } as const;
    for (const limiter of [{ take: () => allowed }, { take: () => Promise.resolve(allowed) }]) {
      const root = new FakeSpan('request');
      await run({ ...guard, limiter }, undefined, undefined, traced(root));
      const waited = root.children[0]?.children.filter(({ name }) => name === 'limits') ?? [];
      // Requests are counted, then calls.
      expect(waited.map(({ ends }) => ends)).toEqual(limiter.take() === allowed ? [] : [1, 1]);
    }
  });

  it('says why it was refused, also when nothing of it could be recorded', async () => {
    const root = new FakeSpan('request');
    await run(fakeGuard({ engine: engine({ result: 'deny' }) }), undefined, undefined, traced(root));
    expect(root.children[0]).toMatchObject({
      fault: 'policy_deny',
      attributes: { 'behavry.verdict': 'deny', 'behavry.outcome': 'refused', 'behavry.agent.id': 'a1' },
    });
    const full = fakeGuard();
    full.spool.isFull = true;
    await run(full, undefined, undefined, traced(root));
    expect(root.children[1]?.attributes).toMatchObject({ 'behavry.reason_code': 'audit_unavailable' });
  });

  it('ends with a stream, and not before', async () => {
    const root = new FakeSpan('request');
    const stream = () => Promise.resolve({ kind: 'stream', payload: 'p' } as const);
    const { exchange } = await run(fakeGuard(), undefined, stream, traced(root));
    expect(root.children[0]?.ends).toBe(0);
    exchange.settle({ outcome: 'aborted', responseCode: null, error: 'client_aborted' });
    expect(root.children[0]).toMatchObject({ ends: 1, fault: 'client_aborted' });
  });

  it('is recorded with its place in the trace, and no other exchange is', async () => {
    const guard = fakeGuard();
    const root = new FakeSpan('request');
    await run(guard, undefined, undefined, traced(root));
    await run(guard, refuse('request_malformed', 'no'), undefined, traced(root));
    await run(guard);
    expect(guard.spool.entries.map((entry) => ('trace' in entry ? entry.trace : null))).toEqual([
      null,
      root.children[0]?.traceparent,
      root.children[1]?.traceparent,
      null,
      null,
    ]);
  });

  it('tells its upstream where it is asked only where that is wanted', async () => {
    const seen: (string | null)[] = [];
    const forward = (exchange: Exchange): Promise<ReturnType<typeof message>> => {
      seen.push(exchange.traceUpstream);
      return Promise.resolve(message({}));
    };
    const root = new FakeSpan('request');
    await run(fakeGuard(), undefined, forward, traced(root));
    await run({ ...fakeGuard(), isTraceHandedOn: true }, undefined, forward, traced(root));
    await run({ ...fakeGuard(), isTraceHandedOn: true }, undefined, forward);
    expect(seen).toEqual([null, root.children[1]?.children.at(-1)?.traceparent, null]);
  });

  it('shows no name that could carry a payload', async () => {
    const root = new FakeSpan('request');
    await run(
      fakeGuard(),
      toolCall(`read ${SECRET}`, {}, { beside: { name: `read ${SECRET}` } }),
      undefined,
      traced(root),
    );
    expect(JSON.stringify(root)).not.toContain(SECRET);
    expect(root.children[0]?.attributes).toMatchObject({ 'gen_ai.tool.name': expect.stringMatching(/^~/) });
  });

  it('names a use of a model, with its tokens, as the conventions do', async () => {
    const root = new FakeSpan('request');
    const exchange = new Exchange({
      ...{
        id: 'x2',
        kind: 'llm',
        startedAt: NOW,
        token: 'good',
        serverId: '',
        provider: 'gemini',
        model: 'm-1',
      },
      span: root,
    });
    exchange.tokens = { prompt: 7, completion: 5, total: 12 };
    await run(fakeGuard(), toolCall('embed', {}), undefined, exchange);
    expect(root.children[0]).toMatchObject({
      name: 'embeddings m-1',
      attributes: {
        'gen_ai.operation.name': 'embeddings',
        'gen_ai.provider.name': 'gcp.gemini',
        'gen_ai.request.model': 'm-1',
        'gen_ai.usage.input_tokens': 7,
        'gen_ai.usage.output_tokens': 5,
      },
    });
  });
});
