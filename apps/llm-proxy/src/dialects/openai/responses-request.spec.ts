import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelRequest, RequestResult } from '../dialect';
import { OPENAI } from './openai';
import { RESPONSES } from './responses';
import { readRequest } from '../reading';

const RULES = { maxBytes: 64 * 1024, unknownMembers: 'refuse' } as const;
const FIXTURE = readFileSync(join(__dirname, '../../../test/fixtures/openai/responses-request.json'));

function read(body: object | string): RequestResult {
  return readRequest(RESPONSES, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), RULES);
}

function request(body: object | string): ModelRequest {
  const result = read(body);
  if (!result.ok) throw new Error(result.message);
  return result.request;
}

const PLAIN = { model: 'gpt-5', input: 'Hi' };

function referencesOf(more: object): readonly string[] {
  return (request({ ...PLAIN, ...more }).references ?? []).map(({ kind, id }) => `${kind} ${id}`);
}

describe('a request for a response', () => {
  it('is read from what the SDK sends', () => {
    expect(request(FIXTURE.toString())).toMatchObject({
      model: 'gpt-5',
      isStream: true,
      hidesTokens: false,
      toolNames: ['late', 'get_weather', 'grep', 'crm.find'],
      hostedTools: [
        { type: 'mcp', settings: { server_label: 'docs' } },
        { type: 'file_search' },
        { type: 'code_interpreter' },
        { type: 'shell' },
      ],
      references: [
        { kind: 'file', id: 'file-1' },
        { kind: 'file', id: 'file-2' },
        { kind: 'file', id: 'file-3' },
        { kind: 'item', id: 'msg_0' },
        { kind: 'vector_store', id: 'vs_1' },
        { kind: 'container', id: 'cntr_1' },
        { kind: 'response', id: 'resp_0' },
        { kind: 'prompt', id: 'pmpt_1' },
        { kind: 'file', id: 'file-4' },
      ],
    });
  });

  it('goes up byte for byte, or as what is left of it when something was taken out', () => {
    const asked = request(' {"model" : "gpt-5", "input":"Hi", "stream":true} ');
    expect(RESPONSES.outboundBody(asked, undefined)).toBe(asked.bytes);
    expect(RESPONSES.outboundBody(asked, { model: 'gpt-5', input: 'x' })).toBe(
      '{"model":"gpt-5","input":"x"}',
    );
  });

  it.each([
    ['{"model":"a","model":"b"}', 'names a member twice'],
    ['[]', 'must be an object'],
    ['{"input":"Hi"}', "'model'"],
    ['{"prompt":{"id":"pmpt_1"}}', "'model'"],
    ['{"model":"tell me a story"}', "'model'"],
    ['{"model":"a","messages":[]}', "'messages' is not known here"],
    ['{"model":"a","stream":1}', "'stream'"],
    ['{"model":"a","stream_options":[]}', "'stream_options'"],
    ['{"model":"a","background":true}', "'background'"],
    ['{"model":"a","background":"false"}', "'background'"],
    ['{"model":"a","input":{}}', "'input'"],
    ['{"model":"a","input":["Hi"]}', "'input'"],
    ['{"model":"a","input":[{"type":"of_next_year"}]}', "'input'"],
    ['{"model":"a","input":[{"role":"user","content":["Hi"]}]}', "'input'"],
    ['{"model":"a","input":[{"role":"user","content":[{"type":"input_file","file_id":7}]}]}', "'input'"],
    ['{"model":"a","input":[{"type":"item_reference"}]}', "'input'"],
    ['{"model":"a","input":[{}]}', "'input'"],
    ['{"model":"a","input":[{"type":"additional_tools","tools":[{"name":"x"}]}]}', "'input'"],
    ['{"model":"a","input":[{"type":"mcp_approval_response","approve":true}]}', "'input'"],
    ['{"model":"a","input":[{"type":"image_generation_call"}]}', "'input'"],
    ['{"model":"a","input":[{"type":"shell_call","environment":"x"}]}', "'input'"],
    ['{"model":"a","tools":{}}', "'tools'"],
    ['{"model":"a","tools":[{"name":"x"}]}', "'tools'"],
    ['{"model":"a","tools":[{"type":"function","function":{"name":"x"}}]}', "'tools'"],
    ['{"model":"a","tools":[{"type":"function","name":"two words"}]}', "'tools'"],
    ['{"model":"a","tools":[{"type":"namespace","name":"n"}]}', "'tools'"],
    ['{"model":"a","tools":[{"type":"namespace","name":"n","tools":[{"type":"mcp"}]}]}', "'tools'"],
    ['{"model":"a","tools":[{"type":"file_search","vector_store_ids":"vs"}]}', "'tools'"],
    ['{"model":"a","tools":[{"type":"code_interpreter","container":7}]}', "'tools'"],
    ['{"model":"a","tools":[{"type":"shell","environment":{"skills":["x"]}}]}', "'tools'"],
    ['{"model":"a","previous_response_id":"my secret"}', "'previous_response_id'"],
    [`{"model":"a","previous_response_id":"${'r'.repeat(257)}"}`, "'previous_response_id'"],
    ['{"model":"a","conversation":{}}', "'conversation'"],
    ['{"model":"a","conversation":[]}', "'conversation'"],
    ['{"model":"a","prompt":"pmpt_1"}', "'prompt'"],
    ['{"model":"a","prompt":{"id":"p","variables":[]}}', "'prompt'"],
    ['{"model":"a","prompt":{"id":"p","variables":{"x":7}}}', "'prompt'"],
    ['{"model":"a","prompt_cache_options":"x"}', "'prompt_cache_options'"],
  ])('is refused when it is %s', (body, message) => {
    expect(read(body)).toMatchObject({
      ok: false,
      reasonCode: 'request_malformed',
      message: expect.stringContaining(message) as string,
    });
  });

  it('is refused when it asks for more than anybody would decide', () => {
    const tools = Array.from({ length: 33 }, () => ({ type: 'mcp' }));
    expect(read({ ...PLAIN, tools })).toMatchObject({ reasonCode: 'request_malformed' });
    const items = (count: number): object =>
      Array.from({ length: count }, (_, index) => ({ type: 'item_reference', id: `i${String(index)}` }));
    expect(read({ ...PLAIN, input: items(513) })).toMatchObject({ reasonCode: 'request_malformed' });
    expect(read({ ...PLAIN, input: items(512) })).toMatchObject({ ok: true });
  });

  it('takes nulls as absent, as SDKs do', () => {
    const names = ['input', 'tools', 'stream', 'stream_options', 'background', 'prompt', 'conversation'];
    const nulls = Object.fromEntries(
      [...names, 'previous_response_id', 'prompt_cache_options'].map((name) => [name, null]),
    );
    expect(request({ ...PLAIN, ...nulls })).toMatchObject({
      ...{ isStream: false, hostedTools: [], toolNames: [], references: [] },
    });
  });
});

describe('what the provider keeps', () => {
  it.each<[string, object, readonly string[]]>([
    ['a conversation', { conversation: 'conv_1' }, ['conversation conv_1']],
    ['a conversation as an object', { conversation: { id: 'conv_1' } }, ['conversation conv_1']],
    [
      'a response to compare with',
      { prompt_cache_options: { comparison_response_id: 'resp_2' } },
      ['response resp_2'],
    ],
    ['an item without a type', { input: [{ id: 'msg_1' }] }, ['item msg_1']],
    ['the same item twice', { input: [{ id: 'a' }, { id: 'a' }] }, ['item a']],
    ['an image without its bytes', { input: [{ type: 'image_generation_call', id: 'ig' }] }, ['item ig']],
    ['an image with its bytes', { input: [{ type: 'image_generation_call', id: 'ig', result: 'A' }] }, []],
    [
      'a call of another server that is approved',
      { input: [{ type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true }] },
      ['item mcpr_1'],
    ],
    [
      'a picture of a screen',
      { input: [{ type: 'computer_call_output', output: { type: 'computer_screenshot', file_id: 'f' } }] },
      ['file f'],
    ],
    [
      'containers of calls made before',
      {
        input: [
          { type: 'code_interpreter_call', container_id: 'c1' },
          { type: 'shell_call', environment: { type: 'container_reference', container_id: 'c2' } },
          { type: 'shell_call', environment: null },
        ],
      },
      ['container c1', 'container c2'],
    ],
    [
      'files and skills of a container to be made',
      {
        tools: [
          { type: 'code_interpreter', container: { type: 'auto', file_ids: ['f1'] } },
          {
            type: 'shell',
            environment: {
              type: 'container_auto',
              file_ids: ['f2'],
              skills: [
                { type: 'skill_reference', skill_id: 's1' },
                { type: 'inline', name: 'x' },
              ],
            },
          },
          { type: 'image_generation', input_image_mask: { file_id: 'f3' } },
        ],
      },
      ['file f1', 'file f2', 'skill s1', 'file f3'],
    ],
    [
      'what tools that come with the input are given',
      { input: [{ type: 'tool_search_output', tools: [{ type: 'file_search', vector_store_ids: ['vs'] }] }] },
      ['vector_store vs'],
    ],
  ])('is told: %s', (_name, more, references) => {
    expect(referencesOf(more)).toEqual(references);
  });
});

describe('the outline of a request for a response', () => {
  it('tells everything but the texts, each of which is its length', () => {
    expect(RESPONSES.outlineOf(request(FIXTURE.toString()).body)).toEqual({
      model: 'gpt-5',
      instructions: 9,
      input: [
        { role: 'developer', content: 22 },
        {
          type: 'message',
          role: 'user',
          content: [
            { type: 'input_text', text: 28 },
            { type: 'input_image', detail: 'auto', file_id: 'file-1' },
            { type: 'input_file', file_id: 'file-2' },
          ],
        },
        { type: 'reasoning', id: 'rs_0', summary: [], encrypted_content: 5 },
        { type: 'function_call', call_id: 'call_0', name: 'get_weather', arguments: 15 },
        {
          type: 'function_call_output',
          call_id: 'call_0',
          output: [{ type: 'input_file', file_id: 'file-3' }],
        },
        { type: 'item_reference', id: 'msg_0' },
        {
          type: 'additional_tools',
          role: 'developer',
          tools: [{ type: 'function', name: 'late', parameters: null, strict: null }],
        },
      ],
      tools: [
        { type: 'function', name: 'get_weather', strict: true, parameters: ['city'] },
        { type: 'custom', name: 'grep', format: { type: 'grammar', syntax: 'regex', definition: 6 } },
        {
          type: 'namespace',
          name: 'crm',
          description: 10,
          tools: [{ type: 'function', name: 'find', parameters: [] }],
        },
        { type: 'mcp', server_label: 'docs', server_url: 'https://mcp.example.com', authorization: 3 },
        { type: 'file_search', vector_store_ids: ['vs_1'] },
        { type: 'code_interpreter', container: 'cntr_1' },
        { type: 'shell', environment: { type: 'local' } },
      ],
      previous_response_id: 'resp_0',
      prompt: { id: 'pmpt_1', version: '2', variables: { id: 4, plan: { type: 10, file_id: 6 } } },
      include: ['reasoning.encrypted_content'],
      context_management: [{ type: 'compaction', compact_threshold: 1000 }],
      text: { format: { type: 'json_schema', name: 'a', schema: ['b'] } },
      store: false,
      stream: true,
    });
  });

  it('holds no text in any place where one can stand', () => {
    const text = 'canary-word';
    const body = {
      ...PLAIN,
      instructions: text,
      input: [
        { role: 'user', content: text },
        { role: 'user', content: [{ type: 'input_file', filename: text, file_data: text, file_url: text }] },
        { type: 'reasoning', id: 'rs', summary: [{ type: 'summary_text', text }] },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: text },
        { type: 'custom_tool_call', call_id: 'c', name: 'f', input: text },
        { type: 'function_call_output', call_id: 'c', output: text },
        { type: 'tool_search_call', arguments: { name: text, id: text } },
        { type: 'local_shell_call', action: { type: 'exec', command: [text], env: { name: text } } },
        { type: 'shell_call', action: { commands: [text] } },
        { type: 'apply_patch_call', operation: { type: 'update_file', path: text, diff: text } },
        { type: 'computer_call', actions: [{ type: 'type', text }] },
        { type: 'mcp_call', name: 'f', arguments: text, output: text },
      ],
      tools: [
        { type: 'custom', name: 'f', description: text, format: { type: 'grammar', definition: text } },
        {
          type: 'mcp',
          server_label: 'l',
          server_description: text,
          authorization: text,
          headers: { id: text },
        },
      ],
      prompt: { id: 'p', variables: { name: text, part: { type: 'input_text', text } } },
      metadata: { note: `${text} and more` },
    };
    expect(read(body)).toMatchObject({ ok: true });
    expect(JSON.stringify(RESPONSES.outlineOf(body))).not.toContain(text);
  });
});

describe('the path of responses', () => {
  it.each([
    ['POST', '/v1/responses', RESPONSES],
    ['POST', '/responses', RESPONSES],
    ['GET', '/v1/responses', undefined],
    ['GET', '/v1/responses/resp_1', undefined],
    ['DELETE', '/v1/responses/resp_1', undefined],
    ['POST', '/v1/responses/resp_1/cancel', undefined],
    ['GET', '/v1/responses/resp_1/input_items', undefined],
    ['POST', '/v1/responses/input_tokens', undefined],
    ['POST', '/v1/responses/compact', undefined],
    ['POST', '/v1/responses/', undefined],
  ])('%s %s is understood or not', (method, path, endpoint) => {
    expect(OPENAI.endpointOf({ method, path, query: '' })).toBe(endpoint);
  });
});
