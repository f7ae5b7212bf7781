import { runStream } from '../../../test/run-stream';
import type { RequestResult } from '../dialect';
import { MODELS, oneModel } from './models';
import { OPENAI } from './openai';
import { COMPLETIONS, EMBEDDINGS, MODERATIONS } from './texts';
import { readRequest } from '../reading';

const MAX = 64 * 1024;
const RULES = { maxBytes: MAX, unknownMembers: 'refuse' } as const;
const bytesOf = (body: object): Buffer => Buffer.from(JSON.stringify(body));

describe('a request for vectors', () => {
  const read = (body: object): RequestResult => readRequest(EMBEDDINGS, bytesOf(body), RULES);

  it.each([['a text'], [['two', 'texts']]])('takes %j', (input) => {
    const result = read({ model: 'embed', input, encoding_format: 'base64' });
    expect(result).toMatchObject({ ok: true, request: { model: 'embed', isStream: false } });
  });

  it.each([
    ['tokens', { model: 'm', input: [1, 2] }, /tokens cannot be scanned/],
    ['lists of tokens', { model: 'm', input: [[1], [2]] }, /tokens cannot be scanned/],
    ['no model', { input: 'x' }, /'model'/],
    ['no text', { model: 'm' }, /'input'/],
    ['what nobody knows', { model: 'm', input: 'x', file: 'y' }, /'file' is not known/],
  ])('does not take %s', (_name, body, message) => {
    const result = read(body);
    expect(result.ok ? '' : result.message).toMatch(message);
  });

  it('goes up as it came, and is told to policy by its lengths', () => {
    const result = read({ model: 'm', input: ['abc', 'de'] });
    if (!result.ok) throw new Error(result.message);
    expect(EMBEDDINGS.outboundBody(result.request, undefined)).toBe(result.request.bytes);
    expect(EMBEDDINGS.outlineOf(result.request.body)).toEqual({ model: 'm', input: [3, 2] });
  });

  it('is answered by a list', () => {
    expect(EMBEDDINGS.readAnswer({ data: [], usage: { prompt_tokens: 3, total_tokens: 3 } })).toEqual({
      calls: [],
      tokens: { prompt: 3, completion: 0, total: 3 },
    });
    expect(EMBEDDINGS.readAnswer({ choices: [] })).toBeUndefined();
  });
});

describe('a moderation', () => {
  it('needs no model', () => {
    expect(MODERATIONS.readRequest(bytesOf({ input: 'x' }), MAX)).toMatchObject({ ok: true });
    expect(MODERATIONS.readAnswer({ results: [] })).toBeDefined();
  });
});

describe('a completion', () => {
  const line = (choice: object, more: object = {}): string =>
    `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, finish_reason: null, ...choice }], ...more })}\n\n`;
  const stream = Buffer.from(
    [
      line({ text: 'Hé' }),
      line({ text: 'llo' }),
      line({ text: '', finish_reason: 'stop' }),
      'data: [DONE]\n\n',
    ].join(''),
  );

  it('is answered by texts', () => {
    expect(COMPLETIONS.readAnswer({ choices: [{ text: 'a' }] })).toBeDefined();
    expect(COMPLETIONS.readAnswer({ choices: [{ message: {} }] })).toBeUndefined();
  });

  it('passes as it came, however its stream is cut', async () => {
    for (let cut = 0; cut < stream.length; cut += 1) {
      const { text, end } = await runStream(COMPLETIONS, stream, [cut]);
      expect([text, end]).toEqual([stream.toString('utf8'), { kind: 'complete' }]);
    }
  });

  it('leaks no secret over the borders of its chunks', async () => {
    const leaking = Buffer.from(
      line({ text: 'AKIAIOSF' }) + line({ text: 'ODNN7EXAMPLE' }) + 'data: [DONE]\n\n',
    );
    const { text, end } = await runStream(COMPLETIONS, leaking, []);
    expect(text).not.toContain('AKIA');
    expect(end).toMatchObject({ kind: 'refused', refusal: { reasonCode: 'dlp_inbound_blocked' } });
  });

  it.each([
    ['a delta', line({ text: 'x', delta: { content: 'y' } })],
    ['a message', line({ text: 'x', message: {} })],
    ['no text', line({})],
  ])('is not understood with %s', async (_name, frame) => {
    expect((await runStream(COMPLETIONS, Buffer.from(frame), [])).end).toMatchObject({ kind: 'failed' });
  });
});

describe('where endpoints are', () => {
  it.each([
    ['POST', '/v1/embeddings', EMBEDDINGS],
    ['POST', '/embeddings', EMBEDDINGS],
    ['POST', '/v1/moderations', MODERATIONS],
    ['POST', '/v1/completions', COMPLETIONS],
    ['GET', '/v1/models', MODELS],
    ['GET', '/v1/embeddings', undefined],
    ['POST', '/v1/models', undefined],
    ['DELETE', '/v1/models/x', undefined],
    ['GET', '/v1/models/../files', undefined],
    ['GET', '/v1/models/a%2e%2e', undefined],
    ['GET', '/v1/files', undefined],
  ])('%s %s', (method, path, endpoint) => {
    expect(OPENAI.endpointOf({ method, path, query: '' })).toBe(endpoint);
    expect(OPENAI.endpointOf({ method, path, query: 'x=1' })).toBeUndefined();
  });

  it('one model is asked for by its name', () => {
    expect(oneModel('ft:gpt-4o:acme')?.path).toBe('/models/ft:gpt-4o:acme');
    expect(oneModel('a/../b')).toBeUndefined();
  });
});
