// What an answer gives a name by which later requests may use it.
import type { Endpoint } from './dialect';
import { MESSAGES } from './anthropic/messages';
import { CHAT } from './openai/chat';
import { RESPONSES } from './openai/responses';

describe('an answer', () => {
  it.each<[string, Endpoint, object, readonly string[]]>([
    [
      'the voice of a message',
      CHAT,
      { choices: [{ index: 0, message: { role: 'assistant', audio: { id: 'a1', data: '' } } }] },
      ['audio a1'],
    ],
    [
      'a response and its items',
      RESPONSES,
      { status: 'completed', id: 'r1', conversation: { id: 'c1' }, output: [{ type: 'message', id: 'm1' }] },
      ['item m1', 'response r1', 'conversation c1'],
    ],
    [
      'only where its code ran, when it is not stored',
      RESPONSES,
      {
        status: 'completed',
        id: 'r1',
        store: false,
        output: [{ type: 'code_interpreter_call', id: 'i1', container_id: 'c1' }],
      },
      ['container c1'],
    ],
    [
      'a container and files made in it',
      MESSAGES,
      {
        container: { id: 'c1' },
        content: [{ type: 'bash_code_execution_tool_result', content: { content: [{ file_id: 'f1' }] } }],
      },
      ['container c1', 'file f1'],
    ],
  ])('gives %s', (_name, endpoint, value, given) => {
    expect(endpoint.readAnswer(value)?.given?.map(({ kind, id }) => `${kind} ${id}`)).toEqual(given);
  });
});
