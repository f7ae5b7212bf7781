import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorEnvelope } from '../envelope';
import { endpointName, endpointOf, PROVIDERS } from '../provider';
import { statusOf } from '../refusal-status';
import { CallAssembler } from './call-assembler';
import { readChunk } from './chat-chunk';
import { readChatRequest, type ChatRequest } from './chat-request';
import { withUsage } from './include-usage';
import { toolCallsOf } from './tool-call';
import { usageOf } from './usage';

const MAX = 64 * 1024;

function fixture(name: string): Buffer {
  return readFileSync(join(__dirname, '../../../test/fixtures', name));
}

function read(body: object | string): ReturnType<typeof readChatRequest> {
  return readChatRequest(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), MAX);
}

function request(body: object | string): ChatRequest {
  const result = read(body);
  if (!result.ok) throw new Error(result.message);
  return result.request;
}

const CHAT = { model: 'gpt', messages: [] };

describe('a request', () => {
  it('is read from what the SDK sends', () => {
    const result = readChatRequest(fixture('chat-request.json'), MAX);
    expect(result).toMatchObject({
      ok: true,
      request: {
        model: 'gpt-4o',
        isStream: true,
        wantsUsage: false,
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
    ['{"model":"a"}', "'messages'"],
    ['{"model":"a","messages":[],"stream":1}', "'stream'"],
    ['{"model":"a","messages":[],"tools":[{"name":"x"}]}', "'tools'"],
    ['{"model":"a","messages":[],"tools":[{"type":"function","name":"x"}]}', "'tools'"],
    ['{"model":"a","messages":[],"stream_options":[]}', "'stream_options'"],
  ])('is refused when it is %s', (body, message) => {
    expect(read(body)).toMatchObject({
      ok: false,
      reasonCode: 'request_malformed',
      message: expect.stringContaining(message) as string,
    });
  });

  it('is refused when it is too large', () => {
    expect(readChatRequest(Buffer.alloc(MAX + 1, ' '), MAX)).toMatchObject({
      ok: false,
      reasonCode: 'request_too_large',
    });
  });

  it('takes nulls as absent, as SDKs do', () => {
    expect(
      request({
        ...CHAT,
        stream: null,
        tools: null,
        functions: null,
        stream_options: null,
        web_search_options: null,
      }),
    ).toMatchObject({ isStream: false, hostedTools: [], toolNames: [] });
  });
});

describe('asking for usage', () => {
  it('leaves every other byte as it came', () => {
    const text = ' {"model" : "gpt", "messages":[ ], "note":"}" } ';
    expect(withUsage(request(text))).toBe(
      ' {"model" : "gpt", "messages":[ ], "note":"}" ,"stream_options":{"include_usage":true}} ',
    );
  });

  it('keeps the options there are', () => {
    const body = JSON.parse(
      withUsage(request({ ...CHAT, stream_options: { include_obfuscation: false } })),
    ) as object;
    expect(body).toMatchObject({ stream_options: { include_obfuscation: false, include_usage: true } });
    expect(JSON.parse(withUsage(request({ ...CHAT, stream_options: null })))).toMatchObject({
      stream_options: { include_usage: true },
    });
  });
});

describe('an answer', () => {
  it('yields its tool calls of every kind', () => {
    expect(toolCallsOf(JSON.parse(fixture('chat-answer.json').toString('utf8')))).toEqual([
      { name: 'get_weather', arguments: { city: 'Oslo' } },
      { name: 'grep', arguments: { input: 'TODO' } },
      { name: 'broken', arguments: '{"a":' },
      { name: 'old_style', arguments: {} },
    ]);
  });

  it('that cannot be understood yields nothing to pass', () => {
    expect(toolCallsOf({})).toBeUndefined();
    expect(toolCallsOf({ choices: [{}] })).toBeUndefined();
    expect(
      toolCallsOf({ choices: [{ message: { tool_calls: [{ type: 'mcp', mcp: {} }] } }] }),
    ).toBeUndefined();
    expect(toolCallsOf({ choices: [{ message: { tool_calls: {} } }] })).toBeUndefined();
  });

  it('is counted, whatever stands where numbers should be', () => {
    expect(usageOf({ usage: { prompt_tokens: 3, completion_tokens: 4 } })).toEqual({
      prompt_tokens: 3,
      completion_tokens: 4,
      total_tokens: 7,
    });
    expect(usageOf({ usage: { prompt_tokens: -1, completion_tokens: 'x' } })).toEqual({
      prompt_tokens: 0,
      completion_tokens: 0,
      total_tokens: 0,
    });
    expect(usageOf({ usage: null })).toBeUndefined();
  });
});

describe('a chunk', () => {
  const chunk = (delta: unknown, more: object = {}): unknown => ({
    id: 'x',
    choices: [{ index: 0, delta, finish_reason: null, ...more }],
  });

  it('is taken apart into running texts and what is left', () => {
    const parts = readChunk(
      chunk({
        role: 'assistant',
        content: 'Hi',
        reasoning_content: 'hm',
        audio: { id: 'a', transcript: 't' },
      }),
    );
    expect(parts?.pieces.map(({ channel, text }) => [channel, text])).toEqual([
      ['/choices/0/delta/content', 'Hi'],
      ['/choices/0/delta/reasoning_content', 'hm'],
      ['/choices/0/delta/audio/transcript', 't'],
    ]);
    expect(parts?.rest).toEqual(
      chunk({ role: 'assistant', content: '', reasoning_content: '', audio: { id: 'a', transcript: '' } }),
    );
  });

  it('tells the calls of one choice apart by their index', () => {
    const calls = new CallAssembler();
    const pieces = [
      {
        tool_calls: [
          { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } },
          { index: 1, id: 'b', type: 'custom', custom: { name: 'g', input: 'x' } },
        ],
      },
      { tool_calls: [{ index: 1, custom: { input: 'y' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"k":1}' } }] },
    ];
    for (const delta of pieces)
      for (const piece of readChunk(chunk(delta))?.calls ?? []) expect(calls.add(piece)).toBe(true);
    expect(calls.isPending(0)).toBe(true);
    expect(calls.isPending(1)).toBe(false);
    expect(calls.whole(0)).toEqual([
      { name: 'f', arguments: { k: 1 } },
      { name: 'g', arguments: { input: 'xy' } },
    ]);
    calls.close(0);
    expect(calls.isPending(0)).toBe(false);
    expect(calls.add({ choice: 0, index: 2, type: 'function', name: 'late', arguments: '' })).toBe(false);
  });

  it.each([
    ['an error', { error: { message: 'x' }, choices: [] }],
    ['a whole message', chunk({}, { message: { tool_calls: [] } })],
    ['a call without an index', chunk({ tool_calls: [{ id: 'a', function: { name: 'f' } }] })],
    ['a choice without an index', { choices: [{ delta: {} }] }],
    ['no choices', { id: 'x' }],
    ['a delta that is a text', chunk('x')],
  ])('that is %s is none', (_name, value) => {
    expect(readChunk(value)).toBeUndefined();
  });

  it('with nothing but counts is known as such', () => {
    expect(readChunk({ choices: [], usage: { total_tokens: 1 } })?.isUsageOnly).toBe(true);
    expect(readChunk({ ...(chunk({}) as object), usage: { total_tokens: 1 } })?.isUsageOnly).toBe(false);
  });
});

describe('a refusal', () => {
  it('is told in the envelope of each provider', () => {
    const facts = { status: 403, reasonCode: 'policy_deny', message: 'no', requestId: 'r1' } as const;
    const envelopes = Object.fromEntries(
      PROVIDERS.map((provider) => [provider, errorEnvelope(provider, facts)]),
    );
    expect(envelopes).toEqual(JSON.parse(fixture('envelopes.json').toString('utf8')));
  });

  it('is 403, so that no SDK tries again, unless a moment later may be different', () => {
    const status = (
      reasonCode: Parameters<typeof statusOf>[0]['reasonCode'],
      isUnauthenticated = false,
    ): number => statusOf({ reasonCode, isUnauthenticated });
    expect([
      status('policy_deny'),
      status('opa_unreachable'),
      status('escalation_pending'),
      status('kill_switch'),
    ]).toEqual([403, 403, 403, 403]);
    expect([status('rate_limited'), status('request_malformed'), status('request_too_large')]).toEqual([
      429, 400, 413,
    ]);
    expect([
      status('session_revoked', true),
      status('audit_unavailable'),
      status('upstream_timeout'),
    ]).toEqual([401, 503, 504]);
  });
});

describe('an endpoint', () => {
  it.each([
    ['openai', 'POST', '/v1/chat/completions', false, 'chat-completions'],
    ['openai', 'POST', '/chat/completions', false, 'chat-completions'],
    ['openai', 'GET', '/v1/chat/completions', true, 'unsupported'],
    ['openai', 'GET', '/v1/chat/completions', false, 'unsupported'],
    ['openai', 'POST', '/v1/chat/completions/x', false, 'unsupported'],
    ['openai', 'POST', '/v1/chat/%63ompletions', false, 'unsupported'],
    ['ollama', 'POST', '/v1/chat/completions', false, 'unsupported'],
  ] as const)('%s %s %s (upgrade: %s) is %s', (provider, method, path, isUpgrade, endpoint) => {
    expect(endpointOf(provider, method, path, isUpgrade)).toBe(endpoint);
  });

  it('is named in the record only when its path cannot carry a payload', () => {
    expect(endpointName('GET', '/v1/models/gpt-4o')).toBe('GET /v1/models/gpt-4o');
    expect(endpointName('GET', '/v1/a%20secret')).toBe('GET');
    expect(endpointName('GET', `/${'x'.repeat(200)}`)).toBe('GET');
  });
});
