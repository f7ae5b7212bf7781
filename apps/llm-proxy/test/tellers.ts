// Turns of a chat with a tool's result in it, as the agents of each dialect tell them.

/** What stands for a result with a token in it. */
export const STAND_IN = '[the result was withheld: it carries github_token]';

/** How one dialect tells a chat. */
export interface Teller {
  readonly name: string;
  readonly path: (model: string) => string;
  readonly list: 'messages' | 'contents' | 'input';
  readonly said: (text: string) => object;
  readonly asked: (text: string) => object;
  readonly call: object;
  readonly result: (text: string) => object;
  /** The same with the stand-in. */
  readonly withheld: object;
  /** Of the result's text, in the item of the list. */
  readonly pointer: string;
}

const said =
  (role: string) =>
  (content: string): object => ({ role, content });
const functionCall = { id: 'c1', type: 'function', function: { name: 'read', arguments: '{}' } };
/** What most of them share. */
export const chat: Omit<Teller, 'name' | 'path'> = {
  list: 'messages',
  asked: said('user'),
  said: said('assistant'),
  call: { role: 'assistant', content: '', tool_calls: [functionCall] },
  result: (content) => ({ role: 'tool', tool_call_id: 'c1', content }),
  withheld: { role: 'tool', tool_call_id: 'c1', content: STAND_IN },
  pointer: '/content',
};
export const TELLERS: readonly Teller[] = [
  { ...chat, name: 'openai chat', path: () => 'openai/v1/chat/completions' },
  {
    ...chat,
    name: 'openai responses',
    path: () => 'openai/v1/responses',
    list: 'input',
    call: { type: 'function_call', call_id: 'c1', name: 'read', arguments: '{}' },
    result: (output) => ({ type: 'function_call_output', call_id: 'c1', output }),
    withheld: { type: 'function_call_output', call_id: 'c1', output: STAND_IN },
    pointer: '/output',
  },
  {
    ...chat,
    name: 'anthropic',
    path: () => 'anthropic/v1/messages',
    call: { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'read', input: {} }] },
    result: (text) => ({
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text }] }],
    }),
    withheld: { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: STAND_IN }] },
    pointer: '/content/0/content/0/text',
  },
  {
    name: 'gemini',
    path: (model) => `gemini/v1beta/models/${model}:generateContent`,
    list: 'contents',
    asked: (text) => ({ role: 'user', parts: [{ text }] }),
    said: (text) => ({ role: 'model', parts: [{ text }] }),
    call: { role: 'model', parts: [{ functionCall: { name: 'read', args: {} } }] },
    result: (text) => ({ role: 'user', parts: [{ functionResponse: { name: 'read', response: { text } } }] }),
    withheld: {
      role: 'user',
      parts: [{ functionResponse: { name: 'read', response: { output: STAND_IN } } }],
    },
    pointer: '/parts/0/functionResponse/response/text',
  },
  {
    ...chat,
    name: 'ollama',
    path: () => 'ollama/api/chat',
    call: { role: 'assistant', content: '', tool_calls: [{ function: { name: 'read', arguments: {} } }] },
    result: (content) => ({ role: 'tool', tool_name: 'read', content }),
    withheld: { role: 'tool', tool_name: 'read', content: STAND_IN },
  },
];
