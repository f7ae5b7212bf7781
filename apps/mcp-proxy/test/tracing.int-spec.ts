import {
  describeWithOpa,
  eventually,
  httpServer,
  startOtlpReceiver,
  type OtlpReceiver,
} from '@behavry/testing';
import { request } from 'undici';
import { answer, startRecordingUpstream, type RecordingUpstream } from './recording-upstream';
import { callTool, startProxy, type RunningProxy } from './running-proxy';

/** Stands in arguments, results, headers and names; nothing that is exported may hold it. */
const CANARY = 'canary-of-the-agent-7c1f';
const CLIENT_TRACE = 'a'.repeat(31);
let traces = 0;

/** A context of an agent, in a trace of its own. */
function agentTrace(): { readonly traceId: string; readonly traceparent: string } {
  const traceId = `${CLIENT_TRACE}${(++traces).toString(16)}`;
  return { traceId, traceparent: `00-${traceId}-b7ad6b7169203331-00` };
}

describeWithOpa('tracing of MCP', () => {
  let upstream: RecordingUpstream;
  let collector: OtlpReceiver;
  let proxy: RunningProxy;
  let session: Record<string, string>;

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    upstream.behaviour = ({ body }, response) => {
      answer(response, body, { content: [{ type: 'text', text: CANARY }] });
    };
    collector = await startOtlpReceiver();
    await start({});
  }, 120_000);
  afterAll(async () => {
    await proxy.stop();
    await upstream.stop();
    await collector.stop();
  });

  async function start(settings: Parameters<typeof startProxy>[0]): Promise<void> {
    proxy = await startProxy({ otelEndpoint: `${collector.url}/`, otelSample: 1, ...settings }, [
      httpServer('rec', upstream.url),
    ]);
    session = await proxy.open('rec');
  }

  /** The same with other settings. */
  async function restart(settings: Parameters<typeof startProxy>[0]): Promise<void> {
    await proxy.stop();
    await start(settings);
  }

  it('shows a call as one trace of its agent, with its decision and without a word of it', async () => {
    const { traceId, traceparent } = agentTrace();
    const { headers } = await proxy.post('rec', callTool('echo', { message: CANARY }), {
      ...session,
      traceparent,
      tracestate: `a=${CANARY}`,
      'x-agent': CANARY,
    });
    const id = String(headers['x-behavry-decision']);
    const spans = await collector.trace(
      traceId,
      'POST /mcp/v1/:serverId',
      'tools/call echo',
      'decide',
      'record',
    );
    const [http] = spans.filter(({ name }) => name.startsWith('POST'));
    const [exchange, forward] = spans
      .filter(({ name }) => name === 'tools/call echo')
      .sort((a, b) => a.kind - b.kind);
    expect(http).toMatchObject({
      app: 'mcp-proxy',
      kind: 2,
      parentSpanId: 'b7ad6b7169203331',
      attributes: { 'http.route': '/mcp/v1/:serverId', 'http.response.status_code': 200 },
    });
    expect(exchange).toMatchObject({
      kind: 2,
      parentSpanId: http?.spanId,
      hasFailed: false,
      attributes: {
        'behavry.decision.id': id,
        'behavry.verdict': 'allow',
        'behavry.reason_code': 'policy_allow',
        'behavry.outcome': 'ok',
        'behavry.agent.id': 'a1',
        'behavry.mcp.server': 'rec',
        'behavry.policy.revision': 'r1',
        'mcp.method.name': 'tools/call',
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'echo',
      },
    });
    expect(forward).toMatchObject({ kind: 3, parentSpanId: exchange?.spanId });
    for (const name of ['decide', 'record'])
      expect(spans.find((span) => span.name === name)?.parentSpanId).toBe(exchange?.spanId);
    // What the writer of the row goes on with.
    const [, outcome] = await proxy.entriesOf(id, 2);
    expect(outcome).toMatchObject({ type: 'outcome', trace: `00-${traceId}-${String(exchange?.spanId)}-01` });
    // As it came: the upstream is told nothing of ours.
    expect(upstream.seen.at(-1)?.headers).toMatchObject({ traceparent, tracestate: `a=${CANARY}` });
    expect(collector.bodies.join('')).not.toContain(CANARY);
  });

  it('says what was refused, failed and made up, by codes and digests alone', async () => {
    const denied = agentTrace();
    await proxy.post('rec', callTool('get-env'), { ...session, traceparent: denied.traceparent });
    const named = agentTrace();
    await proxy.post('rec', callTool(`${CANARY} ${CANARY}`), { ...session, traceparent: named.traceparent });
    const unknown = agentTrace();
    const strange = { jsonrpc: '2.0', id: 1, method: `x/${CANARY}`, params: {} };
    await proxy.post('rec', strange, { ...session, traceparent: unknown.traceparent });
    const large = agentTrace();
    const args = { message: `${CANARY} ${'x'.repeat(20_000)}` };
    await proxy.post('rec', callTool('echo', args), { ...session, traceparent: large.traceparent });
    const refused = await collector.trace(denied.traceId, 'tools/call get-env');
    expect(refused.find(({ name }) => name === 'tools/call get-env')).toMatchObject({
      hasFailed: true,
      attributes: { 'behavry.verdict': 'deny', 'behavry.outcome': 'refused', 'error.type': 'policy_deny' },
    });
    await eventually(() => {
      const of = (traceId: string): readonly string[] =>
        collector.spans.filter((span) => span.traceId === traceId).map(({ name }) => name);
      expect(of(named.traceId)).toContainEqual(expect.stringMatching(/^tools\/call ~[0-9a-f]+$/));
      expect(of(unknown.traceId)).toEqual(expect.arrayContaining(['exchange', 'decide']));
      expect(of(large.traceId)).toEqual(expect.arrayContaining(['thread read', 'tools/call echo']));
    });
    expect(collector.bodies.join('')).not.toContain(CANARY);
  });

  it('names a trace as the example of a duration, only in the form that can', async () => {
    const { traceId, traceparent } = agentTrace();
    await proxy.post('rec', callTool('echo'), { ...session, traceparent });
    await collector.trace(traceId, 'tools/call echo');
    const scrape = async (accept: string): Promise<string> =>
      (await request(`${proxy.opsUrl}/metrics`, { headers: { accept } })).body.text();
    const open = 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5';
    for (const text of [await scrape(open), await scrape(open)]) {
      expect(text).toContain(`# {trace_id="${traceId}"}`);
      expect(text).toMatch(/^# TYPE behavry_exchange_decisions counter$/m);
      expect(text).toMatch(/^behavry_exchange_decisions_total\{/m);
      expect(text.endsWith('# EOF\n')).toBe(true);
    }
    const plain = await scrape('text/plain');
    expect(plain).not.toContain('trace_id');
    expect(plain).toMatch(/^# TYPE behavry_exchange_decisions_total counter$/m);
  });

  it('goes on without its collector, says so once, and ends in time', async () => {
    collector.status = 500;
    try {
      for (let call = 0; call < 5; call++) {
        const { json } = await proxy.post('rec', callTool('echo'), session);
        expect(json.result).toBeDefined();
      }
      const warnings = (): readonly string[] => proxy.log.filter((line) => line.includes('takes no spans'));
      await eventually(() => {
        expect(warnings()).toHaveLength(1);
      });
      await proxy.post('rec', callTool('echo'), session);
      const started = performance.now();
      await proxy.context.tracing?.close();
      expect(performance.now() - started).toBeLessThan(3_000);
      expect(warnings()).toHaveLength(1);
    } finally {
      collector.status = 200;
    }
  });

  it('tells upstreams our context where it shall, and nothing of the agent’s beside it', async () => {
    await restart({ isTraceHandedOn: true });
    const { traceId, traceparent } = agentTrace();
    const headers = { ...session, traceparent, tracestate: 'a=1', baggage: 'user=ann' };
    await proxy.post('rec', callTool('echo'), headers);
    const spans = await collector.trace(traceId, 'tools/call echo');
    const forward = spans.find(({ name, kind }) => name === 'tools/call echo' && kind === 3);
    const seen = upstream.seen.at(-1)?.headers;
    expect(seen?.['traceparent']).toBe(`00-${traceId}-${String(forward?.spanId)}-01`);
    expect(seen).not.toHaveProperty('tracestate');
    expect(seen).not.toHaveProperty('baggage');
  }, 120_000);

  it('lets no caller decide that it is traced, or that it is not', async () => {
    await restart({ otelSample: 0 });
    const sampled = agentTrace().traceparent.replace(/00$/, '01');
    for (let call = 0; call < 20; call++)
      await proxy.post('rec', callTool('echo'), { ...session, traceparent: sampled });
    await proxy.context.tracing?.close();
    expect(collector.spans.filter(({ traceId }) => sampled.includes(traceId))).toEqual([]);
    // The context of an agent that is not traced here is still its own.
    expect(upstream.seen.at(-1)?.headers['traceparent']).toBe(sampled);
  }, 120_000);

  it('is off unless there is a collector', async () => {
    await proxy.stop();
    proxy = await startProxy({}, [httpServer('rec', upstream.url)]);
    session = await proxy.open('rec');
    const exported = collector.bodies.length;
    const { traceparent } = agentTrace();
    const { headers } = await proxy.post('rec', callTool('echo'), { ...session, traceparent });
    const [, outcome] = await proxy.entriesOf(headers['x-behavry-decision'], 2);
    expect(outcome).not.toHaveProperty('trace');
    expect(upstream.seen.at(-1)?.headers['traceparent']).toBe(traceparent);
    expect(collector.bodies).toHaveLength(exported);
  }, 120_000);
});
