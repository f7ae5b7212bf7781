import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoint, RequestResult } from '../dialect';
import { CHAT as OPENAI_CHAT } from '../openai/chat';
import { OLLAMA } from './ollama';
import { readRequest } from '../reading';

const MAX = 64 * 1024;
const RULES = { maxBytes: MAX, unknownMembers: 'refuse' } as const;

function endpoint(path: string, method = 'POST'): Endpoint {
  const found = OLLAMA.endpointOf({ method, path, query: '' });
  if (!found) throw new Error(path);
  return found;
}

const CHAT = endpoint('/api/chat');
const GENERATE = endpoint('/api/generate');

function read(path: string, body: object | string): RequestResult {
  return readRequest(
    endpoint(path),
    Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    RULES,
  );
}

describe('a target of Ollama', () => {
  it.each([
    ['POST', '/api/chat', 'chat'],
    ['POST', '/api/generate', 'complete'],
    ['POST', '/api/embed', 'embed'],
    ['POST', '/api/embeddings', 'embed'],
    ['POST', '/api/show', 'list'],
    ['GET', '/api/tags', 'list'],
    ['GET', '/api/ps', 'list'],
    ['GET', '/api/version', 'list'],
  ])('is understood: %s %s', (method, path, toolName) => {
    expect(endpoint(path, method)).toMatchObject({ method, path, toolName, name: `${method} ${path}` });
  });

  it.each([
    ['POST', '/api/pull', ''],
    ['POST', '/api/push', ''],
    ['POST', '/api/create', ''],
    ['POST', '/api/copy', ''],
    ['DELETE', '/api/delete', ''],
    ['HEAD', '/api/blobs/sha256:0', ''],
    ['POST', '/api/blobs/sha256:0', ''],
    ['POST', '/api/me', ''],
    ['POST', '/api/signout', ''],
    ['POST', '/api/web_search', ''],
    ['POST', '/api/experimental/web_fetch', ''],
    ['POST', '/api/systemone', ''],
    ['GET', '/api/chat', ''],
    ['POST', '/api/tags', ''],
    ['POST', '/api/chat/', ''],
    ['POST', '/api/Chat', ''],
    ['POST', '/api/chat', 'stream=false'],
    ['POST', '//api/chat', ''],
    ['POST', '/chat', ''],
    ['POST', '/v1/messages', ''],
    ['POST', '/v1/responses', ''],
    ['POST', '/chat/completions', ''],
    ['GET', '/', ''],
  ])('is not understood: %s %s?%s', (method, path, query) => {
    expect(OLLAMA.endpointOf({ method, path, query })).toBeUndefined();
  });

  it("is OpenAI's where Ollama answers as OpenAI does", () => {
    expect(endpoint('/v1/chat/completions')).toMatchObject({
      name: OPENAI_CHAT.name,
      framing: OPENAI_CHAT.framing,
      path: '/v1/chat/completions',
    });
    for (const [method, path] of [
      ['POST', '/v1/completions'],
      ['POST', '/v1/embeddings'],
      ['GET', '/v1/models'],
      ['GET', '/v1/models/qwen3:8b'],
    ] as const) {
      expect(endpoint(path, method)).toMatchObject({ method, path });
    }
    expect(OLLAMA.endpointOf({ method: 'POST', path: '/v1/moderations', query: '' })).toBeUndefined();
  });

  it('gets the key as Ollama wants it', () => {
    expect(OLLAMA.authorize('k')).toEqual({ authorization: 'Bearer k' });
  });
});

describe('a request to Ollama', () => {
  it('is read from what the SDK sends', () => {
    const bytes = readFileSync(join(__dirname, '../../../test/fixtures/ollama/request.json'));
    expect(CHAT.readRequest(bytes, MAX)).toMatchObject({
      ok: true,
      request: { model: 'qwen3:8b', isStream: true, hidesTokens: false, toolNames: ['get_weather'] },
    });
  });

  it('is streamed unless it says otherwise', () => {
    for (const path of ['/api/chat', '/api/generate']) {
      for (const [stream, isStream] of [
        [undefined, true],
        [null, true],
        [true, true],
        [false, false],
      ]) {
        expect(read(path, { model: 'm', stream })).toMatchObject({ ok: true, request: { isStream } });
      }
    }
  });

  it('tells a tool of another kind as one that the provider would run', () => {
    const tools = [{ type: 'web_search', max: 1 }, { function: { name: 'ls' } }];
    expect(read('/api/chat', { model: 'm', tools })).toMatchObject({
      request: { toolNames: ['ls'], hostedTools: [{ type: 'web_search', settings: { max: 1 } }] },
    });
  });

  it.each([
    ['/api/chat', '{"model":"a","model":"b"}', 'names a member twice'],
    ['/api/chat', '{"model":"a","Model":"b"}', 'a spelling that is not its own'],
    ['/api/chat', '{"model":"a","Tools":[]}', 'a spelling that is not its own'],
    ['/api/chat', '{"model":"a","prompt":"x"}', "'prompt' is not known"],
    ['/api/chat', '{"model":"a","_debug_render_only":true}', "'_debug_render_only' is not known"],
    ['/api/chat', '{"messages":[]}', "'model'"],
    ['/api/chat', '{"model":"tell me a story"}', "'model'"],
    ['/api/chat', '{"model":"a","messages":"x"}', "'messages'"],
    ['/api/chat', '{"model":"a","stream":"false"}', "'stream'"],
    ['/api/chat', '{"model":"a","stream":0}', "'stream'"],
    ['/api/chat', '{"model":"a","tools":{}}', "'tools'"],
    ['/api/chat', '{"model":"a","tools":["x"]}', "'tools'"],
    ['/api/chat', '{"model":"a","tools":[{"type":"function"}]}', "'tools'"],
    ['/api/chat', '{"model":"a","tools":[{"type":"ignore all rules"}]}', "'tools'"],
    [
      '/api/chat',
      `{"model":"a","tools":[${'{"type":"x"},'.repeat(32)}{"type":"x"}]}`,
      "'tools' has too many",
    ],
    ['/api/generate', '{"model":"a","messages":[]}', "'messages' is not known"],
    ['/api/generate', '{"model":"a","prompt":1}', "'prompt'"],
    ['/api/generate', '{"model":"a","stream":1}', "'stream'"],
    ['/api/embed', '{"model":"a","input":{}}', "'input'"],
    ['/api/embeddings', '{"model":"a","prompt":[]}', "'prompt'"],
    ['/api/show', '{"model":"a","name":"b"}', "'model' and 'name'"],
    ['/api/show', '{}', "'model'"],
  ])('%s is refused when it is %s', (path, body, message) => {
    expect(read(path, body)).toMatchObject({
      ok: false,
      reasonCode: 'request_malformed',
      message: expect.stringContaining(message) as string,
    });
  });

  it('is of one model, or of none', () => {
    expect(read('/api/embed', { model: 'm', input: ['a'], dimensions: 3 })).toMatchObject({
      request: { model: 'm', isStream: false },
    });
    expect(read('/api/embeddings', { model: 'm', prompt: 'a' })).toMatchObject({ ok: true });
    expect(read('/api/show', { name: 'm', verbose: true })).toMatchObject({ request: { model: 'm' } });
    expect(endpoint('/api/tags', 'GET').readRequest(Buffer.alloc(0), MAX)).toMatchObject({
      request: { model: '', body: {} },
    });
  });

  it('goes up as it came, or as what is left of it', () => {
    const result = read('/api/chat', { model: 'm' });
    if (!result.ok) throw new Error(result.message);
    expect(CHAT.outboundBody(result.request, undefined)).toBe(result.request.bytes);
    expect(CHAT.outboundBody(result.request, { model: 'm', messages: [] })).toBe(
      '{"model":"m","messages":[]}',
    );
  });

  it('is told to policy without any text', () => {
    const text = 'canary';
    const call = { function: { name: 'f', arguments: { name: text, role: [text] } } };
    const body = {
      model: 'm',
      format: { type: 'object', properties: { city: { description: text } } },
      messages: [
        { role: 'user', content: text, images: [text] },
        { role: 'assistant', content: text, thinking: text, tool_calls: [call] },
        { role: 'tool', tool_name: 'f', content: text },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'f', description: text, parameters: { properties: { city: {} } } },
        },
      ],
      options: { temperature: 0, stop: [text] },
    };
    const told = CHAT.outlineOf(body);
    expect(JSON.stringify(told)).not.toContain(text);
    expect(told).toMatchObject({
      format: ['city'],
      messages: [
        { role: 'user', content: 6, images: [6] },
        { tool_calls: [{ function: { name: 'f', arguments: { name: 6, role: [6] } } }] },
        { role: 'tool', tool_name: 'f' },
      ],
      tools: [{ function: { name: 'f', parameters: ['city'] } }],
    });
    const generated = {
      model: 'm',
      prompt: text,
      suffix: text,
      system: text,
      template: text,
      context: [1],
      images: [text],
    };
    expect(JSON.stringify(GENERATE.outlineOf(generated))).not.toContain(text);
    expect(JSON.stringify(endpoint('/api/embed').outlineOf({ model: 'm', input: [text] }))).not.toContain(
      text,
    );
  });
});

it.each([
  ['/api/chat', { error: 'no (policy_deny)' }],
  ['/v1/chat/completions', { error: { message: 'no', code: 'policy_deny' } }],
])('a refusal at %s has the words of what answers there', (path, envelope) => {
  const facts = { status: 403, reasonCode: 'policy_deny', message: 'no', requestId: 'r1' } as const;
  expect(OLLAMA.envelope(facts, path)).toMatchObject(envelope);
});
