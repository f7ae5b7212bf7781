import { describeWithOpa, startOtlpReceiver, type OtlpReceiver } from '@behavry/testing';
import { CANARY, LlmPlane } from './llm-plane';

const SPAN = 'b7ad6b7169203331';

describeWithOpa('tracing of models', () => {
  let collector: OtlpReceiver;
  let plane: LlmPlane;

  beforeAll(async () => {
    collector = await startOtlpReceiver();
    plane = await LlmPlane.start({ otelEndpoint: collector.url, otelSample: 1, isTraceHandedOn: true });
    const call = {
      id: 'c1',
      type: 'function',
      function: { name: 'get_weather', arguments: '{"city":"Oslo"}' },
    };
    plane.provider.say('weather', {
      message: { role: 'assistant', content: null, tool_calls: [call] },
      reason: 'tool_calls',
    });
  }, 120_000);
  afterAll(async () => {
    await plane.stop();
    await collector.stop();
  });

  function trace(digit: string): { readonly traceId: string; readonly traceparent: string } {
    const traceId = digit.repeat(32);
    return { traceId, traceparent: `00-${traceId}-${SPAN}-00` };
  }

  it('shows a use of a model with its tokens and without its texts, and tells the provider its place', async () => {
    const { traceId, traceparent } = trace('1');
    const body = JSON.stringify(plane.ask('gpt'));
    const response = await plane.post(body, {
      traceparent,
      tracestate: `a=${CANARY}`,
      baggage: `b=${CANARY}`,
    });
    expect(response.status).toBe(200);
    const spans = await collector.trace(traceId, 'chat gpt', 'decide', 'record');
    const [exchange, forward] = spans
      .filter(({ name }) => name === 'chat gpt')
      .sort((a, b) => a.kind - b.kind);
    const http = spans.find(({ kind }) => kind === 2);
    expect(http).toMatchObject({ parentSpanId: SPAN, attributes: { 'http.response.status_code': 200 } });
    expect(exchange).toMatchObject({
      kind: 1,
      parentSpanId: http?.spanId,
      attributes: {
        'behavry.decision.id': response.headers.get('x-behavry-decision'),
        'behavry.verdict': 'allow',
        'behavry.outcome': 'ok',
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt',
        'gen_ai.usage.input_tokens': 7,
        'gen_ai.usage.output_tokens': 5,
      },
    });
    expect(forward).toMatchObject({ kind: 3, parentSpanId: exchange?.spanId });
    const seen = plane.provider.seen.at(-1)?.headers;
    expect(seen?.['traceparent']).toBe(`00-${traceId}-${String(forward?.spanId)}-01`);
    expect(seen).not.toHaveProperty('tracestate');
    expect(seen).not.toHaveProperty('baggage');
  });

  it('shows a tool call inside an answer with a decision of its own', async () => {
    const { traceId, traceparent } = trace('2');
    const response = await plane.post(JSON.stringify(plane.ask('weather')), { traceparent });
    const spans = await collector.trace(traceId, 'execute_tool get_weather', 'chat weather');
    const tool = spans.find(({ name, kind }) => name === 'execute_tool get_weather' && kind === 1);
    expect(tool?.attributes).toMatchObject({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'get_weather',
      'behavry.parent.decision.id': response.headers.get('x-behavry-decision'),
    });
    expect(tool?.attributes['behavry.decision.id']).not.toBe(response.headers.get('x-behavry-decision'));
  });

  it('shows a stream until its end', async () => {
    const { traceId, traceparent } = trace('3');
    const response = await plane.post(JSON.stringify({ ...plane.ask('gpt'), stream: true }), { traceparent });
    await response.text();
    const spans = await collector.trace(traceId, 'chat gpt');
    expect(spans.find(({ attributes }) => 'behavry.outcome' in attributes)?.attributes).toMatchObject({
      'behavry.outcome': 'ok',
    });
    expect(collector.bodies.join('')).not.toContain(CANARY);
    expect(collector.bodies.join('')).not.toContain('Oslo');
    expect(collector.bodies.join('')).not.toContain('Hello there');
  });
});
