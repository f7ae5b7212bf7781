// The port is tried on every dialect of which there are recordings; those of other providers than ours are sketches.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateContent } from '../../test/dialects/generate-content.endpoint';
import { runStream } from '../../test/run-stream';
import { MESSAGES } from './anthropic/messages';
import type { Endpoint } from './dialect';
import { CHAT } from './openai/chat';
import { PROVIDERS } from './providers';

const STREAMED = generateContent('/v1beta/models/gemini-2.5-flash:streamGenerateContent');
const DIALECTS: readonly [string, Endpoint | undefined][] = [
  ['openai', CHAT],
  ['anthropic', MESSAGES],
  ['gemini', STREAMED],
];

function fixture(provider: string, name: string): Buffer {
  return readFileSync(join(__dirname, '../../test/fixtures', provider, name));
}

function json(provider: string, name: string): unknown {
  return JSON.parse(fixture(provider, name).toString('utf8'));
}

describe.each(DIALECTS)('%s, as the port sees it', (provider, endpoint) => {
  if (!endpoint) throw new Error('a path that its own sketch does not know');
  const weather = { name: 'get_weather', arguments: { city: 'Oslo' } };
  const stream = fixture(provider, 'stream.sse');

  it('reads a request, and tells policy no text of it', () => {
    const result = endpoint.readRequest(fixture(provider, 'request.json'), 10_000);
    expect(result).toMatchObject({ ok: true, request: { isStream: true } });
    if (!result.ok) return;
    expect(result.request.toolNames).toContain('get_weather');
    expect(JSON.stringify(endpoint.outlineOf(result.request.body))).not.toMatch(/Oslo|Weather of/);
  });

  it('finds the calls and the tokens of a whole answer', () => {
    const answer = endpoint.readAnswer(json(provider, 'answer.json'));
    expect(answer?.calls).toContainEqual(weather);
    expect(answer?.tokens?.total).toBeGreaterThan(0);
  });

  it('passes a recorded stream on as it came, its call decided, its tokens counted, however it is cut', async () => {
    const every = Array.from({ length: stream.length }, (_, index) => index);
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
    const leaking = stream.toString('utf8').replace('Let me', 'AKIAIOSFODNN').replace(' look.', '7EXAMPLE');
    const { text, end } = await runStream(endpoint, Buffer.from(leaking), []);
    expect(text).not.toContain('AKIA');
    expect(end).toMatchObject({ kind: 'refused', refusal: { reasonCode: 'dlp_inbound_blocked' } });
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
      expect(provider.envelope(facts)).toEqual(json(id, 'error.json'));
    },
  );
});
