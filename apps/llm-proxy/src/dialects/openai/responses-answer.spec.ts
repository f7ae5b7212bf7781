import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RESPONSES } from './responses';

const FIXTURE = readFileSync(join(__dirname, '../../../test/fixtures/openai/responses-answer.json'), 'utf8');

function answering(...output: unknown[]): object {
  return { status: 'completed', error: null, output };
}

describe('a whole response', () => {
  it('yields what the agent is asked to do, and its tokens', () => {
    expect(RESPONSES.readAnswer(JSON.parse(FIXTURE))).toMatchObject({
      calls: [
        { name: 'get_weather', arguments: { city: 'Oslo' } },
        { name: 'grep', arguments: { input: 'TODO' } },
        { name: 'crm.find', arguments: undefined },
        { name: 'local_shell', arguments: { type: 'exec', command: ['ls'], env: {} } },
        { name: 'shell', arguments: { commands: ['pwd'], timeout_ms: null, max_output_length: null } },
        { name: 'shell', arguments: { commands: ['ls'], timeout_ms: null, max_output_length: null } },
        { name: 'apply_patch', arguments: { type: 'delete_file', path: 'a.txt' } },
        { name: 'computer', arguments: { actions: [{ type: 'click', button: 'left', x: 1, y: 2 }] } },
        { name: 'mcp_approval', arguments: { server_label: 'docs', name: 'delete', arguments: { page: 1 } } },
        { name: 'tool_search', arguments: { q: 'x' } },
      ],
      tokens: { prompt: 20, completion: 9, total: 29 },
    });
  });

  it.each([
    'message reasoning web_search_call file_search_call code_interpreter_call image_generation_call mcp_call',
    'mcp_list_tools mcp_approval_response tool_search_output additional_tools compaction program program_output',
    'function_call_output custom_tool_call_output computer_call_output local_shell_call_output shell_call_output',
    'apply_patch_call_output',
  ])('asks the agent for nothing by items that only tell: %s', (types) => {
    const items = types.split(' ').map((type) => ({ type }));
    expect(RESPONSES.readAnswer(answering(...items))).toMatchObject({ calls: [], tokens: undefined });
  });

  it('has a call that nobody can judge where an approval is asked for with what is no object', () => {
    const item = { type: 'mcp_approval_request', server_label: 'docs', name: 'delete', arguments: '[1]' };
    expect(RESPONSES.readAnswer(answering(item))?.calls).toEqual([
      { name: 'mcp_approval', arguments: undefined },
    ]);
  });

  it('has a call of a shell that names no place', () => {
    const item = { type: 'shell_call', action: { commands: ['ls'] }, environment: null };
    expect(RESPONSES.readAnswer(answering(item))?.calls).toEqual([
      { name: 'shell', arguments: { commands: ['ls'] } },
    ]);
  });

  it('has a click as older models ask for it', () => {
    const item = { type: 'computer_call', action: { type: 'wait' }, actions: null };
    expect(RESPONSES.readAnswer(answering(item))?.calls).toEqual([
      { name: 'computer', arguments: { action: { type: 'wait' } } },
    ]);
  });

  it.each<[string, unknown]>([
    ['is no object', []],
    ['has no output', { status: 'completed' }],
    ['is not finished', { status: 'in_progress', output: [] }],
    ['waits', { status: 'queued', output: [] }],
    ['says nothing of its state', { output: [] }],
    ['has failed', { status: 'failed', output: [], error: { code: 'server_error' } }],
    ['reports an error', { ...answering(), error: { code: 'x' } }],
    ['has an item that is none', answering('x')],
    ['has an item of an unknown type', answering({ type: 'of_next_year' })],
    ['has an item without a type', answering({ name: 'rm', arguments: '{}' })],
    ['has a function without a name', answering({ type: 'function_call', arguments: '{}' })],
    [
      'has a function with arguments that are no text',
      answering({ type: 'function_call', name: 'f', arguments: {} }),
    ],
    [
      'has a namespace that is no name',
      answering({ type: 'function_call', namespace: ['n'], name: 'f', arguments: '' }),
    ],
    ['has a free text that is none', answering({ type: 'custom_tool_call', name: 'f', input: {} })],
    ['has a shell without an action', answering({ type: 'local_shell_call' })],
    [
      'has a shell in an unknown place',
      answering({ type: 'shell_call', action: {}, environment: { type: 'moon' } }),
    ],
    ['has a patch that is none', answering({ type: 'apply_patch_call', operation: 'x' })],
    ['has a click on nothing', answering({ type: 'computer_call' })],
    ['has actions that are no list', answering({ type: 'computer_call', actions: {} })],
    ['has an action that is none', answering({ type: 'computer_call', action: 'click' })],
    ['asks to approve nothing', answering({ type: 'mcp_approval_request', server_label: 'docs' })],
    ['searches for nothing', answering({ type: 'tool_search_call', execution: 'client' })],
  ])('is not understood when it %s', (_name, value) => {
    expect(RESPONSES.readAnswer(value)).toBeUndefined();
  });

  it('loses the probabilities that repeat its texts, and nothing that only looks like them', () => {
    const tools = [{ type: 'function', parameters: { properties: { logprobs: { type: 'x' } } } }];
    const part = { type: 'output_text', text: 'Hi', logprobs: [{ token: 'Hi' }] };
    const value = { output: [{ type: 'message', content: [part] }, { type: 'reasoning' }], tools };
    expect(RESPONSES.dropEchoes(value)).toBe(true);
    expect(value).toEqual({
      output: [
        { type: 'message', content: [{ type: 'output_text', text: 'Hi', logprobs: [] }] },
        { type: 'reasoning' },
      ],
      tools,
    });
    expect(RESPONSES.dropEchoes(value)).toBe(false);
    expect(RESPONSES.dropEchoes('x')).toBe(false);
  });
});
