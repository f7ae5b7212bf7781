// Turns of conversations, in every dialect: what a request was a turn ago, and what is left of an answer without its calls.
import type { Endpoint, ProviderId } from './dialect';
import { endpointAt } from './providers';

const post = (provider: ProviderId, path: string): Endpoint =>
  endpointAt({ provider, method: 'POST', path, query: '' });
const CHAT = post('openai', '/chat/completions');
const RESPONSES = post('openai', '/responses');
const MESSAGES = post('anthropic', '/v1/messages');
const CONTENT = post('gemini', '/v1/models/m:generateContent');
const OLLAMA_CHAT = post('ollama', '/api/chat');

const user = { role: 'user', content: 'hello' };
const item = (...content: object[]): object => ({ type: 'message', id: 'msg_1', role: 'assistant', content });
const output = (text: string): object => ({ type: 'output_text', text, annotations: [] });

type Row = readonly [string, Endpoint, string, readonly object[], readonly object[]];
const SAID: readonly Row[] = [
  ['a text', CHAT, 'messages', [user], [{ role: 'assistant', content: 'I will.' }]],
  [
    'a message as the SDK has it',
    CHAT,
    'messages',
    [user],
    [{ role: 'assistant', content: 'I will.', refusal: 'Behavry: …', annotations: [], tool_calls: null }],
  ],
  [
    'parts',
    CHAT,
    'messages',
    [user],
    [
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'I' },
          { type: 'text', text: ' will.' },
        ],
      },
    ],
  ],
  [
    'thoughts and a text',
    MESSAGES,
    'messages',
    [user],
    [
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 's' },
          { type: 'text', text: 'I will.' },
        ],
      },
    ],
  ],
  ['an item', RESPONSES, 'input', [user, user], [item(output('I'), output(' will.'))]],
  [
    'an item behind what was thought',
    RESPONSES,
    'input',
    [user, user],
    [{ type: 'reasoning', id: 'rs_1', summary: [] }, item(output('I will.'))],
  ],
  [
    'parts of a model',
    CONTENT,
    'contents',
    [{ role: 'user', parts: [{ text: 'hello' }] }],
    [
      {
        role: 'model',
        parts: [
          { text: 'hm', thought: true },
          { text: 'I will.', thoughtSignature: 's' },
        ],
      },
    ],
  ],
  ['a text', OLLAMA_CHAT, 'messages', [user], [{ role: 'assistant', content: 'I will.', thinking: 'hm' }]],
];

const NOT_SAID: readonly (readonly [string, Endpoint, string, object])[] = [
  ['what the user says', CHAT, 'messages', user],
  ['a text with a call', CHAT, 'messages', { role: 'assistant', content: 'x', tool_calls: [] }],
  ['a call of the older form', CHAT, 'messages', { role: 'assistant', content: 'x', function_call: {} }],
  ['a voice', CHAT, 'messages', { role: 'assistant', content: 'x', audio: { id: 'a' } }],
  ['nothing', CHAT, 'messages', { role: 'assistant', content: '' }],
  [
    'a part that is no text',
    CHAT,
    'messages',
    { role: 'assistant', content: [{ type: 'refusal', refusal: 'x' }] },
  ],
  [
    'a call',
    MESSAGES,
    'messages',
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'x' },
        { type: 'tool_use', id: 't', name: 'pay', input: {} },
      ],
    },
  ],
  ['a call', RESPONSES, 'input', { type: 'function_call', call_id: 'c', name: 'pay', arguments: '{}' }],
  ['an item of the user', RESPONSES, 'input', { ...user, type: 'message' }],
  [
    'a call',
    CONTENT,
    'contents',
    { role: 'model', parts: [{ text: 'x' }, { functionCall: { name: 'pay' } }] },
  ],
  ['what the user says', CONTENT, 'contents', { role: 'user', parts: [{ text: 'x' }] }],
  ['a call', OLLAMA_CHAT, 'messages', { role: 'assistant', content: 'x', tool_calls: [] }],
];

describe('a request a turn ago', () => {
  it.each(SAID)('is told behind %s: %#', (_name, { turns }, member, before, said) => {
    const body = { model: 'm', [member]: [...before, ...said] };
    expect(turns?.before(body)).toEqual({ said: 'I will.', bodies: [{ model: 'm', [member]: before }] });
  });

  it.each(NOT_SAID)('is not told behind %s: %#', (_name, { turns }, member, last) => {
    expect(turns?.before({ model: 'm', [member]: [user, last] })).toBeUndefined();
  });

  it('may have been one text, where that is another way to write it', () => {
    const before = RESPONSES.turns?.before({ model: 'm', input: [user, item(output('I will.'))] });
    expect(before?.bodies).toEqual([
      { model: 'm', input: [user] },
      { model: 'm', input: 'hello' },
    ]);
  });

  it('is told of nothing else than a conversation', () => {
    const body = { model: 'm', messages: 'x', input: 'x', contents: {} };
    for (const { turns } of [CHAT, RESPONSES, MESSAGES, CONTENT, OLLAMA_CHAT])
      expect(turns?.before(body)).toBeUndefined();
    expect(post('anthropic', '/v1/messages/count_tokens').readAnswer({ content: [] })).toBeUndefined();
  });
});

const WHY = 'Behavry: wait (escalation e1)';
const call = { id: 'c', type: 'function', function: { name: 'pay', arguments: '{}' } };

type Answer = readonly [string, Endpoint, object, object];
const ANSWERS: readonly Answer[] = [
  [
    'OpenAI',
    CHAT,
    {
      choices: [
        {
          index: 0,
          message: { content: 'I will.', tool_calls: [call], function_call: call.function },
          finish_reason: 'tool_calls',
        },
      ],
      usage: {},
    },
    {
      choices: [{ index: 0, message: { content: 'I will.', refusal: WHY }, finish_reason: 'content_filter' }],
      usage: {},
    },
  ],
  [
    'responses',
    RESPONSES,
    {
      status: 'completed',
      output: [
        { type: 'web_search_call' },
        item(output('I will.')),
        { type: 'function_call', name: 'pay', arguments: '{}' },
        { type: 'computer_call', action: {} },
      ],
    },
    {
      status: 'incomplete',
      incomplete_details: { reason: 'content_filter', message: WHY },
      output: [{ type: 'web_search_call' }, item(output('I will.'))],
    },
  ],
  [
    'Anthropic',
    MESSAGES,
    {
      content: [
        { type: 'text', text: 'I will.' },
        { type: 'tool_use', name: 'pay', input: {} },
      ],
      stop_reason: 'tool_use',
    },
    {
      content: [{ type: 'text', text: 'I will.' }],
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: null, explanation: WHY },
    },
  ],
  [
    'Gemini',
    CONTENT,
    {
      candidates: [
        {
          content: { parts: [{ text: 'I will.' }, { function_call: { name: 'pay' } }, { functionCall: {} }] },
          finish_reason: 'STOP',
        },
      ],
    },
    {
      candidates: [
        {
          content: { parts: [{ text: 'I will.' }] },
          finishReason: 'PROHIBITED_CONTENT',
          finishMessage: WHY,
        },
      ],
    },
  ],
  [
    'Ollama',
    OLLAMA_CHAT,
    { message: { content: 'I will.', tool_calls: [{}] }, tool_calls: [{}], done: true, done_reason: 'stop' },
    { message: { content: 'I will.' }, done: true, done_reason: WHY },
  ],
];

describe('an answer without its calls', () => {
  it.each(ANSWERS)('keeps its text, and ends as its provider says it: %s', (_name, { turns }, told, left) => {
    const answer = structuredClone(told) as Record<string, unknown>;
    expect(turns?.withhold(answer, WHY)).toBe('I will.');
    expect(answer).toEqual(left);
  });

  it('is none where there are several in one, or no text', () => {
    const message = { content: 'x', tool_calls: [call] };
    expect(CHAT.turns?.withhold({ choices: [{ message }, { message }] }, WHY)).toBe('');
    expect(CHAT.turns?.withhold({ choices: [{ message: { tool_calls: [call] } }] }, WHY)).toBe('');
    const content = { parts: [{ text: 'x' }] };
    expect(CONTENT.turns?.withhold({ candidates: [{ content }, { content }] }, WHY)).toBe('');
  });
});
