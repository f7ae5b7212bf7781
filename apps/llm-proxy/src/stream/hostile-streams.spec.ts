// Streams in which some official reader would see another call than the one that was judged.
import { runStream } from '../../test/run-stream';
import { MESSAGES } from '../dialects/anthropic/messages';
import { OLLAMA } from '../dialects/ollama/ollama';
import { CHAT } from '../dialects/openai/chat';
import { COMPLETIONS } from '../dialects/openai/texts';
import type { Endpoint } from '../dialects/dialect';

const event = (type: string, more: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const START = event('message_start', { message: { role: 'assistant', content: [] } });
const STOP = `${event('message_delta', { delta: { stop_reason: 'tool_use' } })}${event('message_stop')}`;
const use = (name: string, input: object = {}, more: object = {}): object => ({
  type: 'tool_use',
  id: 't',
  name,
  input,
  ...more,
});
const begin = (index: number, block: object): string =>
  event('content_block_start', { index, content_block: block });
const json = (index: number, text: string): string =>
  event('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: text } });
const end = (index: number): string => event('content_block_stop', { index });

const chunk = (delta: object, reason: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
const item = (index: number, called: object): object => ({
  tool_calls: [{ index, id: 'c', type: 'function', function: called }],
});
const CHAT_END = `${chunk({}, 'tool_calls')}data: [DONE]\n\n`;
const PATH = '{"path":"/"}';

const OLLAMA_CHAT = OLLAMA.endpointOf({ method: 'POST', path: '/api/chat', query: '' });
const line = (value: object): string => `${JSON.stringify(value)}\n`;

describe('a stream is not understood', () => {
  it.each<readonly [string, Endpoint, string]>([
    [
      'with a call in a message that has only begun',
      MESSAGES,
      `${event('message_start', { message: { content: [use('rm', { path: '/' })] } })}${STOP}`,
    ],
    ['with a second beginning', MESSAGES, `${START}${START}${STOP}`],
    ['with a beginning in the middle', MESSAGES, `${event('ping')}${START}${STOP}`],
    [
      'with blocks that begin out of order',
      MESSAGES,
      `${START}${begin(1, use('rm'))}${begin(0, use('read'))}${json(0, PATH)}${end(0)}${end(1)}${STOP}`,
    ],
    [
      'with a block that begins twice',
      MESSAGES,
      `${START}${begin(0, { type: 'text', text: '' })}${begin(0, { type: 'text', text: '' })}${end(0)}${STOP}`,
    ],
    ['with a delta of a block that never began', MESSAGES, `${START}${json(0, PATH)}${STOP}`],
    ['with an end of a block that never began', MESSAGES, `${START}${end(0)}${STOP}`],
    [
      'with a call whose whole input is written on, by nothing',
      MESSAGES,
      `${START}${begin(0, use('rm', { dry: true }))}${json(0, '')}${end(0)}${STOP}`,
    ],
    [
      'with a block of a type that nobody knows',
      MESSAGES,
      `${START}${begin(0, { ...use('rm'), type: 'frob_use' })}${end(0)}${STOP}`,
    ],
    [
      'with a delta of a type that nobody knows',
      MESSAGES,
      `${START}${begin(0, use('rm'))}${event('content_block_delta', { index: 0, delta: { type: 'frob' } })}${end(0)}${STOP}`,
    ],
    [
      'with a call at a place counted from the end',
      CHAT,
      `${chunk({ ...item(0, { name: 'rm', arguments: '' }), function_call: { name: 'read', arguments: '' } })}${chunk(
        { tool_calls: [{ index: -1, function: { arguments: PATH } }] },
      )}${CHAT_END}`,
    ],
    [
      'with a choice counted from the end',
      CHAT,
      `data: ${JSON.stringify({ choices: [{ index: -1, delta: { content: 'x' } }] })}\n\n${CHAT_END}`,
    ],
    [
      'of the older completions with a choice counted from the end',
      COMPLETIONS,
      `data: ${JSON.stringify({ choices: [{ index: -1, text: 'x', finish_reason: null }] })}\n\ndata: [DONE]\n\n`,
    ],
    [
      'as one answer in many lines, of which one is an answer by itself',
      OLLAMA_CHAT!,
      `{"message":{"role":"assistant","content":""},"done":true,"extra":\n${line({ message: { tool_calls: [{ function: { name: 'rm' } }] }, done: true })}}`,
    ],
  ])('%s', async (_name, endpoint, text) => {
    const { end: ended, text: released, judged } = await runStream(endpoint, Buffer.from(text), []);
    expect(ended).toEqual({ kind: 'failed', fault: 'upstream_error' });
    expect(released).not.toMatch(/rm|read/);
    expect(judged).toEqual([]);
  });
});

it('judges a call of a toolset under the name of both', async () => {
  const block = use('navigate', {}, { toolset_name: 'browser' });
  const text = `${START}${begin(0, block)}${json(0, '{"url":"x"}')}${end(0)}${STOP}`;
  const { judged } = await runStream(MESSAGES, Buffer.from(text), []);
  expect(judged).toEqual([{ name: 'browser.navigate', arguments: { url: 'x' } }]);
  expect(MESSAGES.readAnswer({ content: [block] })?.calls).toEqual([
    { name: 'browser.navigate', arguments: {} },
  ]);
  expect(MESSAGES.readAnswer({ content: [{ ...block, type: 'frob_use' }] })).toBeUndefined();
});

it('keeps a call of the older form apart from all others', async () => {
  const text = [
    chunk({
      ...item(0, { name: 'ls', arguments: '{"a"' }),
      function_call: { name: 'old', arguments: '{"b"' },
    }),
    chunk({
      tool_calls: [{ index: 0, function: { arguments: ':1}' } }],
      function_call: { arguments: ':2}' },
    }),
    CHAT_END,
  ].join('');
  const { judged } = await runStream(CHAT, Buffer.from(text), []);
  expect(judged).toEqual([
    { name: 'ls', arguments: { a: 1 } },
    { name: 'old', arguments: { b: 2 } },
  ]);
});

it('writes a message in one line, however many it came in', async () => {
  const text = 'data: {"choices":\ndata: [{"index":0,"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n';
  const { text: released, end: ended } = await runStream(CHAT, Buffer.from(text), []);
  expect(released).toBe('data: {"choices": [{"index":0,"delta":{"content":"x"}}]}\n\ndata: [DONE]\n\n');
  expect(ended).toEqual({ kind: 'complete' });
});

it('holds only so many frames behind a call', async () => {
  const held = chunk(item(0, { name: 'ls', arguments: '' }));
  const text = `${held}${'data: {"choices":[]}\n\n'.repeat(20_001)}${CHAT_END}`;
  const { end: ended } = await runStream(CHAT, Buffer.from(text), []);
  expect(ended).toMatchObject({ kind: 'refused', refusal: { reasonCode: 'result_too_large' } });
});
