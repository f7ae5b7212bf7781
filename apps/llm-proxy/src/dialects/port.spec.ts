// The port is tried on every dialect, and every framing, of which there are recordings.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { runStream, type StreamSetting } from '../../test/run-stream';
import { MESSAGES } from './anthropic/messages';
import type { Endpoint } from './dialect';
import { GEMINI } from './gemini/gemini';
import { OLLAMA } from './ollama/ollama';
import { CHAT } from './openai/chat';
import { RESPONSES } from './openai/responses';
import { PROVIDERS } from './providers';

const STREAMED = '/v1beta/models/gemini-2.5-flash:streamGenerateContent';
const DIALECTS: readonly [string, string, Endpoint | undefined][] = [
  ['openai', 'stream.sse', CHAT],
  ['openai', 'responses-stream.sse', RESPONSES],
  ['anthropic', 'stream.sse', MESSAGES],
  ['gemini', 'stream.sse', GEMINI.endpointOf({ method: 'POST', path: STREAMED, query: 'alt=sse' })],
  ['gemini', 'stream.array', GEMINI.endpointOf({ method: 'POST', path: STREAMED, query: '' })],
  ['ollama', 'stream.ndjson', OLLAMA.endpointOf({ method: 'POST', path: '/api/chat', query: '' })],
];

function fixture(provider: string, name: string): Buffer {
  return readFileSync(join(__dirname, '../../test/fixtures', provider, name));
}

function json(provider: string, name: string): unknown {
  return JSON.parse(fixture(provider, name).toString('utf8'));
}

describe.each(DIALECTS)('%s with its %s, as the port sees it', (provider, recording, endpoint) => {
  if (!endpoint) throw new Error('a path that its own dialect does not know');
  const weather = { name: 'get_weather', arguments: { city: 'Oslo' } };
  // What belongs to one endpoint of several has a name in front.
  const prefix = recording.slice(0, recording.indexOf('stream'));
  const stream = fixture(provider, recording);
  const every = Array.from({ length: stream.length }, (_, index) => index);
  const leaking = Buffer.from(
    stream.toString('utf8').replace('Let me', 'AKIAIOSFODNN').replace(' look.', '7EXAMPLE'),
  );

  it('reads a request, and tells policy no text of it', () => {
    const result = endpoint.readRequest(fixture(provider, `${prefix}request.json`), 10_000);
    expect(result).toMatchObject({ ok: true, request: { isStream: true } });
    if (!result.ok) return;
    expect(result.request.toolNames).toContain('get_weather');
    expect(JSON.stringify(endpoint.outlineOf(result.request.body))).not.toMatch(/Oslo|Weather of/);
  });

  it('finds the calls and the tokens of a whole answer', () => {
    const answer = endpoint.readAnswer(json(provider, `${prefix}answer.json`));
    expect(answer?.calls).toContainEqual(weather);
    expect(answer?.tokens?.total).toBeGreaterThan(0);
  });

  it('passes a recorded stream on as it came, its call decided, its tokens counted, however it is cut', async () => {
    for (const cuts of [[], every]) {
      const { text, end, judged, exchange } = await runStream(endpoint, stream, cuts, { hidesTokens: false });
      expect(text).toBe(stream.toString('utf8'));
      expect(end).toEqual({ kind: 'complete' });
      expect(judged).toEqual([weather]);
      expect(exchange.tokens).toEqual({ prompt: 57, completion: 17, total: 74 });
    }
  });

  it('lets no part of a denied call out', async () => {
    const { text, end } = await runStream(endpoint, stream, [], { denied: 'get_weather' });
    expect(text).not.toContain('get_weather');
    expect(text).toContain('look.');
    expect(end).toMatchObject({ kind: 'refused', refusal: { reasonCode: 'policy_deny' } });
  });

  it('finds a secret over the borders of its chunks', async () => {
    const { text, end } = await runStream(endpoint, leaking, []);
    expect(text).not.toContain('AKIA');
    expect(end).toMatchObject({ kind: 'refused', refusal: { reasonCode: 'dlp_inbound_blocked' } });
  });

  it('takes a secret out over the borders of its chunks, where policy wants that', async () => {
    const { text, end } = await runStream(endpoint, leaking, [], { redacts: true });
    expect(text).not.toMatch(/AKIA|7EXAMPLE/);
    expect(text).toContain('[REDACTED:');
    expect(end).toEqual({ kind: 'complete' });
  });

  it('comes to the same for every way of cutting its bytes, whatever is found or denied', async () => {
    const seen = async (body: Buffer, cuts: readonly number[], setting: StreamSetting): Promise<unknown> => {
      const { text, end, findings, judged, exchange } = await runStream(endpoint, body, cuts, setting);
      return { text, end, findings, judged, tokens: exchange.tokens };
    };
    for (const body of [stream, leaking]) {
      for (const setting of [{}, { redacts: true }, { denied: 'get_weather' }]) {
        const whole = await seen(body, [], setting);
        expect(await seen(body, every, setting)).toEqual(whole);
        await fc.assert(
          fc.asyncProperty(fc.array(fc.nat(), { maxLength: 30 }), async (cuts) => {
            expect(await seen(body, cuts, setting)).toEqual(whole);
          }),
          { numRuns: 3 },
        );
      }
    }
  });

  it('does not take a stream that breaks off for a complete one', async () => {
    const { end } = await runStream(endpoint, stream.subarray(0, stream.indexOf('Oslo')), []);
    expect(end).toEqual({ kind: 'failed', fault: 'upstream_error' });
  });
});

describe('a refusal', () => {
  it.each(PROVIDERS.map((provider) => [provider.id, provider] as const))(
    'is told in the envelope of %s',
    (id, provider) => {
      const facts = { status: 403, reasonCode: 'policy_deny', message: 'no', requestId: 'r1' } as const;
      expect(provider.envelope(facts, '/')).toEqual(json(id, 'error.json'));
    },
  );
});
