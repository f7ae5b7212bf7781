import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelRequest, RequestResult } from '../dialect';
import { CHAT } from './chat';
import { OPENAI } from './openai';
import { readRequest } from '../reading';

const MAX = 64 * 1024;
const RULES = { maxBytes: MAX, unknownMembers: 'refuse' } as const;

function fixture(name: string): Buffer {
  return readFileSync(join(__dirname, '../../../test/fixtures/openai', name));
}

function read(body: object | string): RequestResult {
  return readRequest(CHAT, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), RULES);
}

function request(body: object | string): ModelRequest {
  const result = read(body);
  if (!result.ok) throw new Error(result.message);
  return result.request;
}

const PLAIN = { model: 'gpt', messages: [] };

describe('a chat request', () => {
  it('is read from what the SDK sends', () => {
    expect(CHAT.readRequest(fixture('request.json'), MAX)).toMatchObject({
      ok: true,
      request: {
        model: 'gpt-4o',
        isStream: true,
        hidesTokens: true,
        toolNames: ['get_weather', 'grep', 'old_style'],
        hostedTools: [{ type: 'mcp' }, { type: 'web_search' }],
      },
    });
  });

  it.each([
    ['{"model":"a","model":"b","messages":[]}', 'names a member twice'],
    ['{"model":"a","\\u006dodel":"b","messages":[]}', 'names a member twice'],
    ['[]', 'must be an object'],
    ['{"messages":[]}', "'model'"],
    ['{"model":"tell me a story","messages":[]}', "'model'"],
    ['{"model":"a"}', "'messages'"],
    ['{"model":"a","messages":[],"stream":1}', "'stream'"],
    ['{"model":"a","messages":[],"tools":[{"name":"x"}]}', "'tools'"],
    ['{"model":"a","messages":[],"tools":[{"type":"function","name":"x"}]}', "'tools'"],
    ['{"model":"a","messages":[],"tools":[{"type":"ignore all rules"}]}', "'tools'"],
    ['{"model":"a","messages":[],"functions":[{"name":"two words"}]}', "'functions'"],
    ['{"model":"a","messages":[],"stream_options":[]}', "'stream_options'"],
  ])('is refused when it is %s', (body, message) => {
    expect(read(body)).toMatchObject({
      ok: false,
      reasonCode: 'request_malformed',
      message: expect.stringContaining(message) as string,
    });
  });

  it('is refused when it is too large, or asks the provider to run more tools than anybody would decide', () => {
    expect(CHAT.readRequest(Buffer.alloc(MAX + 1, ' '), MAX)).toMatchObject({
      reasonCode: 'request_too_large',
    });
    const tools = Array.from({ length: 33 }, () => ({ type: 'mcp' }));
    expect(read({ ...PLAIN, tools })).toMatchObject({ reasonCode: 'request_malformed' });
  });

  it('takes nulls as absent, as SDKs do', () => {
    const nulls = {
      stream: null,
      tools: null,
      functions: null,
      stream_options: null,
      web_search_options: null,
    };
    expect(request({ ...PLAIN, ...nulls })).toMatchObject({
      isStream: false,
      hostedTools: [],
      toolNames: [],
    });
  });
});

describe('a member at the top that nobody here knows', () => {
  it.each([
    ['next_year', "'next_year' is not known here"],
    ['Model', "'Model' is not known here"],
    ['my mail is a@b.example', 'a member of the body is not known here'],
  ])('%s is refused, and named where its name is one', (name, message) => {
    const result = read({ ...PLAIN, [name]: 1 });
    expect(result).toMatchObject({ ok: false, reasonCode: 'request_malformed' });
    expect(result.ok ? '' : result.message).toMatch(message);
  });
});

describe('the outline of a chat request', () => {
  it('tells everything but the texts, each of which is its length', () => {
    expect(CHAT.outlineOf(request(fixture('request.json').toString()).body)).toEqual({
      model: 'gpt-4o',
      messages: [
        { role: 'system', content: 9 },
        {
          role: 'user',
          content: [
            { type: 'text', text: 28 },
            { type: 'image_url', image_url: { url: 26 } },
          ],
        },
      ],
      tools: [
        { type: 'function', function: { name: 'get_weather', parameters: ['city'] } },
        { type: 'custom', custom: { name: 'grep' } },
        { type: 'mcp', server_label: 'docs', server_url: 'https://mcp.example.com' },
      ],
      functions: [{ name: 'old_style', parameters: [] }],
      web_search_options: { search_context_size: 'low' },
      stream: true,
      temperature: 0.2,
      metadata: { a_member_of_next_year: [1, 2.5] },
    });
  });

  it('holds no text in any place where one can stand', () => {
    const text = 'canary-word';
    const body = {
      ...PLAIN,
      messages: [
        { role: 'user', content: text },
        { role: 'user', content: [{ type: 'text', text }, text] },
        { role: 'assistant', content: null, refusal: text, reasoning_content: text },
        {
          role: 'assistant',
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: text } }],
        },
        { role: 'tool', tool_call_id: 'c', content: text },
        { role: 'user', content: [{ type: 'file', file: { file_data: text, filename: text } }] },
      ],
      prediction: { type: 'content', content: text },
      tools: [{ type: 'function', function: { name: 'f', description: text } }],
      metadata: { note: `${text} and more` },
      stop: [text],
    };
    expect(JSON.stringify(CHAT.outlineOf(body))).not.toContain(text);
  });
});

describe('what goes up', () => {
  it('is the body byte for byte, with the question for the token counts of a stream', () => {
    const text = ' {"model" : "gpt", "messages":[ ], "user":"}" } ';
    const plain = request(text);
    expect(CHAT.outboundBody(plain, undefined)).toBe(plain.bytes);
    const stream = text.replace('"user"', '"stream":true, "user"');
    expect(CHAT.outboundBody(request(stream), undefined)).toBe(
      stream.replace('"}" }', '"}" ,"stream_options":{"include_usage":true}}'),
    );
  });

  it('keeps the options there are', () => {
    const sent = (options: object | null): unknown =>
      JSON.parse(
        String(CHAT.outboundBody(request({ ...PLAIN, stream: true, stream_options: options }), undefined)),
      );
    expect(sent({ include_obfuscation: false })).toMatchObject({
      stream_options: { include_obfuscation: false, include_usage: true },
    });
    expect(sent(null)).toMatchObject({ stream_options: { include_usage: true } });
  });

  it('is what is left of it when something was taken out', () => {
    const streamed = request({ ...PLAIN, stream: true });
    expect(CHAT.outboundBody(streamed, { model: 'gpt', messages: ['x'] })).toBe(
      '{"model":"gpt","messages":["x"],"stream_options":{"include_usage":true}}',
    );
  });
});

describe('a chat answer', () => {
  const answering = (message: object): unknown => ({ choices: [{ message }] });
  const calling = (call: object): unknown => answering({ tool_calls: [call] });

  it('yields its tool calls of every kind, and its tokens', () => {
    expect(CHAT.readAnswer(JSON.parse(fixture('answer.json').toString('utf8')))).toEqual({
      model: 'gpt-4o',
      given: [],
      calls: [
        { name: 'get_weather', arguments: { city: 'Oslo' } },
        { name: 'grep', arguments: { input: 'TODO' } },
        { name: 'broken', arguments: undefined },
        { name: 'old_style', arguments: {} },
      ],
      tokens: { prompt: 20, completion: 9, total: 29 },
    });
  });

  it('takes arguments that a compatible server gives parsed, when they are an object', () => {
    const named = (args: unknown): unknown => calling({ function: { name: 'f', arguments: args } });
    expect(CHAT.readAnswer(named({ a: 1 }))?.calls).toEqual([{ name: 'f', arguments: { a: 1 } }]);
    expect(CHAT.readAnswer(named(null))?.calls).toEqual([{ name: 'f', arguments: {} }]);
    expect(CHAT.readAnswer(named([1]))?.calls).toEqual([{ name: 'f', arguments: undefined }]);
  });

  it.each([
    ['has no choices', {}],
    ['has a choice without a message', { choices: [{}] }],
    ['has calls that are no list', answering({ tool_calls: {} })],
    ['has a call of an unknown kind', calling({ type: 'mcp', mcp: {} })],
    [
      'has a call of two kinds',
      calling({ type: 'custom', function: { name: 'get' }, custom: { name: 'rm' } }),
    ],
    ['has a free text that is none', calling({ type: 'custom', custom: { name: 'f', input: {} } })],
    ['has a call without a name', calling({ type: 'function', function: { arguments: '{}' } })],
  ])('is not understood when it %s', (_name, value) => {
    expect(CHAT.readAnswer(value)).toBeUndefined();
  });

  it('counts nothing where no numbers are', () => {
    expect(
      CHAT.readAnswer({ choices: [], usage: { prompt_tokens: -1, completion_tokens: 'x' } })?.tokens,
    ).toEqual({
      prompt: 0,
      completion: 0,
      total: 0,
    });
    expect(CHAT.readAnswer({ choices: [], usage: null })?.tokens).toBeUndefined();
  });
});

describe('a chunk of a chat', () => {
  const chunk = (delta: unknown, more: object = {}): string =>
    JSON.stringify({ id: 'x', choices: [{ index: 0, delta, finish_reason: null, ...more }] });

  it('is taken apart into running texts and what is left', () => {
    const delta = {
      role: 'assistant',
      content: 'Hi',
      reasoning_content: 'hm',
      audio: { id: 'a', transcript: 't' },
    };
    const parts = CHAT.readChunk({ data: chunk(delta) });
    expect(parts?.pieces.map(({ channel, text }) => [channel, text])).toEqual([
      ['/choices/0/delta/content', 'Hi'],
      ['/choices/0/delta/reasoning_content', 'hm'],
      ['/choices/0/delta/audio/transcript', 't'],
    ]);
    expect(parts?.rest).toEqual(
      JSON.parse(
        chunk({ role: 'assistant', content: '', reasoning_content: '', audio: { id: 'a', transcript: '' } }),
      ),
    );
  });

  it('has running texts in lists too', () => {
    const parts = CHAT.readChunk({ data: chunk({ content: ['a', ['b'], { type: 'text', text: 'c' }] }) });
    expect(parts?.pieces.map(({ channel, text }) => [channel, text])).toEqual([
      ['/choices/0/delta/content/0', 'a'],
      ['/choices/0/delta/content/1/0', 'b'],
      ['/choices/0/delta/content/2/text', 'c'],
    ]);
    expect(JSON.stringify(parts?.rest)).toContain('["",[""],{"type":"text","text":""}]');
  });

  it.each([
    ['an error', JSON.stringify({ error: { message: 'x' }, choices: [] })],
    ['a whole message', chunk({}, { message: { tool_calls: [] } })],
    ['a call without an index', chunk({ tool_calls: [{ id: 'a', function: { name: 'f' } }] })],
    ['a choice without an index', '{"choices":[{"delta":{}}]}'],
    ['no choices', '{"id":"x"}'],
    ['a delta that is a text', chunk('x')],
    ['a member whose name is a text', chunk({ 'my key is': 'x' })],
  ])('that is %s is none', (_name, data) => {
    expect(CHAT.readChunk({ data })).toBeUndefined();
  });

  it('with nothing but counts is known as such', () => {
    const usage = { total_tokens: 1 };
    expect(CHAT.readChunk({ data: JSON.stringify({ choices: [], usage }) })?.isTokensOnly).toBe(true);
    expect(CHAT.readChunk({ data: chunk({}, {}).replace('{"id"', '{"usage":{},"id"') })?.isTokensOnly).toBe(
      false,
    );
  });
});

describe('an endpoint', () => {
  it.each([
    ['POST', '/v1/chat/completions', CHAT],
    ['POST', '/chat/completions', CHAT],
    ['GET', '/v1/chat/completions', undefined],
    ['POST', '/v1/chat/completions/x', undefined],
    ['POST', '/v1/chat/%63ompletions', undefined],
    ['POST', '/v1/realtime', undefined],
  ])('%s %s is understood or not', (method, path, endpoint) => {
    expect(OPENAI.endpointOf({ method, path, query: '' })).toBe(endpoint);
  });
});
