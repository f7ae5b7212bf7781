// The four dialects as agents and providers speak them, each as short as it goes.
import type { ProviderId } from '../src/dialects/dialect';

/** A tool call as a model makes it. `arguments`: as the wire has them, in the dialect's own place. */
export interface Called {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** How one dialect says things. */
export interface Speaker {
  readonly provider: ProviderId;
  /** Header in which the key of the plane goes up, as it stands there. */
  readonly key: readonly [name: string, start: string];
  readonly path: (model: string, isStream: boolean) => string;
  /** @param more members at the top of the body */
  readonly body: (model: string, text: string, isStream: boolean, more?: object) => object;
  /** A tool that the provider would run. */
  readonly hosted: { readonly type: string; readonly member: object };
  /** A whole answer. */
  whole(texts: readonly string[], ...calls: readonly (Called | undefined)[]): string;
  /** The same as a stream that ends as it should, a text a chunk. */
  stream(texts: readonly string[], ...calls: readonly (Called | undefined)[]): string;
  readonly streamType: string;
  /** The text of an error in an answer's body. */
  readonly message: (body: unknown) => string;
}

const json = JSON.stringify;
const given = (calls: readonly (Called | undefined)[]): readonly Called[] => calls.filter((call) => !!call);
const sse = (data: object | string, event?: string): string =>
  `${event === undefined ? '' : `event: ${event}\n`}data: ${typeof data === 'string' ? data : json(data)}\n\n`;
const named = (event: { readonly type: string }): string => sse(event, event.type);
const messageOf = (body: unknown): string => (body as { error: { message: string } }).error.message;

const openAiCall = (call: Called, index: number): object => ({
  index,
  id: `c${String(index + 1)}`,
  type: 'function',
  function: { name: call.name, arguments: json(call.arguments) },
});
const openAiChunk = (delta: object, reason: string | null = null): string =>
  sse({ choices: [{ index: 0, delta, finish_reason: reason }] });

const openai: Speaker = {
  provider: 'openai',
  key: ['authorization', 'Bearer '],
  path: () => '/v1/chat/completions',
  body: (model, text, stream, more = {}) => ({
    model,
    stream,
    messages: [{ role: 'user', content: text }],
    ...more,
  }),
  hosted: { type: 'mcp', member: { tools: [{ type: 'mcp', server_url: 'https://mcp.example' }] } },
  whole: (texts, ...calls) =>
    json({
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: texts.join(''),
            ...(calls[0] && { tool_calls: given(calls).map(openAiCall) }),
          },
          finish_reason: calls[0] ? 'tool_calls' : 'stop',
        },
      ],
    }),
  stream: (texts, ...calls) =>
    [
      ...texts.map((content) => openAiChunk({ content })),
      ...given(calls).map((call, index) => openAiChunk({ tool_calls: [openAiCall(call, index)] })),
      openAiChunk({}, calls[0] ? 'tool_calls' : 'stop'),
      sse('[DONE]'),
    ].join(''),
  streamType: 'text/event-stream',
  message: messageOf,
};

const block = (index: number, start: object, deltas: readonly object[]): string =>
  [
    named({ type: 'content_block_start', index, content_block: start } as never),
    ...deltas.map((delta) => named({ type: 'content_block_delta', index, delta } as never)),
    named({ type: 'content_block_stop', index } as never),
  ].join('');

const anthropic: Speaker = {
  provider: 'anthropic',
  key: ['x-api-key', ''],
  path: () => '/v1/messages',
  body: (model, text, stream, more = {}) => ({
    model,
    stream,
    max_tokens: 64,
    messages: [{ role: 'user', content: text }],
    ...more,
  }),
  hosted: {
    type: 'mcp',
    member: { mcp_servers: [{ type: 'url', name: 'x', url: 'https://mcp.example' }] },
  },
  whole: (texts, ...calls) =>
    json({
      type: 'message',
      role: 'assistant',
      content: [
        ...(texts.length > 0 ? [{ type: 'text', text: texts.join('') }] : []),
        ...given(calls).map(({ name, arguments: input }, at) => ({
          type: 'tool_use',
          id: `t${String(at + 1)}`,
          name,
          input,
        })),
      ],
      stop_reason: calls[0] ? 'tool_use' : 'end_turn',
    }),
  stream: (texts, ...calls) =>
    [
      named({ type: 'message_start', message: { role: 'assistant', content: [] } } as never),
      block(
        0,
        { type: 'text', text: '' },
        texts.map((text) => ({ type: 'text_delta', text })),
      ),
      ...given(calls).map((call, at) =>
        block(at + 1, { type: 'tool_use', id: `t${String(at + 1)}`, name: call.name, input: {} }, [
          { type: 'input_json_delta', partial_json: json(call.arguments).slice(0, 5) },
          { type: 'input_json_delta', partial_json: json(call.arguments).slice(5) },
        ]),
      ),
      named({ type: 'message_delta', delta: { stop_reason: calls[0] ? 'tool_use' : 'end_turn' } } as never),
      named({ type: 'message_stop' }),
    ].join(''),
  streamType: 'text/event-stream',
  message: messageOf,
};

const candidate = (parts: readonly object[], finishReason?: string): object => ({
  candidates: [{ index: 0, content: { role: 'model', parts }, ...(finishReason && { finishReason }) }],
});
const geminiCalls = (calls: readonly (Called | undefined)[]): object[] =>
  given(calls).map((call) => ({ functionCall: { name: call.name, args: call.arguments } }));

const gemini: Speaker = {
  provider: 'gemini',
  key: ['x-goog-api-key', ''],
  path: (model, isStream) =>
    `/v1beta/models/${model}:${isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  body: (_model, text, _isStream, more = {}) => ({
    contents: [{ role: 'user', parts: [{ text }] }],
    ...more,
  }),
  hosted: { type: 'googleSearch', member: { tools: [{ googleSearch: {} }] } },
  whole: (texts, ...calls) => json(candidate([{ text: texts.join('') }, ...geminiCalls(calls)], 'STOP')),
  stream: (texts, ...calls) =>
    [
      ...texts.map((text) => sse(candidate([{ text }]))),
      ...geminiCalls(calls).map((part) => sse(candidate([part]))),
      sse(candidate([], 'STOP')),
    ].join(''),
  streamType: 'text/event-stream',
  message: messageOf,
};

const line = (message: object, done = false): string =>
  `${json({ message: { role: 'assistant', ...message }, done })}\n`;
const ollamaCalls = (calls: readonly (Called | undefined)[]): object => ({
  tool_calls: given(calls).map((call) => ({ function: { name: call.name, arguments: call.arguments } })),
});

const ollama: Speaker = {
  provider: 'ollama',
  key: ['authorization', 'Bearer '],
  path: () => '/api/chat',
  body: openai.body,
  hosted: { type: 'shell', member: { tools: [{ type: 'shell' }] } },
  whole: (texts, ...calls) => line({ content: texts.join(''), ...(calls[0] && ollamaCalls(calls)) }, true),
  stream: (texts, ...calls) =>
    [
      ...texts.map((content) => line({ content })),
      ...given(calls).map((call) => line({ content: '', ...ollamaCalls([call]) })),
      line({ content: '' }, true),
    ].join(''),
  streamType: 'application/x-ndjson',
  message: (body) => (body as { error: string }).error,
};

/** All of them. */
export const SPEAKERS: readonly Speaker[] = [openai, anthropic, gemini, ollama];
