// What of a request nobody here can read: things that the provider keeps, and media. In every dialect.
// Long because it is one table.
import type { Endpoint, ProviderId, Reference, Unscanned } from './dialect';
import { endpointAt } from './providers';
import { readRequest } from './reading';

const post = (provider: ProviderId, path: string): Endpoint =>
  endpointAt({ provider, method: 'POST', path, query: '' });
const CHAT = post('openai', '/chat/completions');
const RESPONSES = post('openai', '/responses');
const MESSAGES = post('anthropic', '/v1/messages');
const CONTENT = post('gemini', '/v1/models/m:generateContent');
const COUNT = post('gemini', '/v1/models/m:countTokens');
const EMBED = post('gemini', '/v1/models/m:batchEmbedContents');
const LIKE_OPENAI = post('ollama', '/v1/chat/completions');
const OLLAMA_CHAT = post('ollama', '/api/chat');
const GENERATE = post('ollama', '/api/generate');

const chat = (...content: object[]): object => ({ model: 'm', messages: [{ role: 'user', content }] });
const gemini = (...parts: object[]): object => ({ contents: [{ role: 'user', parts }] });

function read(endpoint: Endpoint, body: object) {
  const rules = { maxBytes: 64 * 1024, unknownMembers: 'refuse' } as const;
  return readRequest(endpoint, Buffer.from(JSON.stringify(body)), rules);
}

const TEXT = 'data:text/plain;base64,YQ==';
const BASE64 = { type: 'base64', media_type: 'text/plain' };

type Row = readonly [string, Endpoint, object, readonly string[], readonly Unscanned[]];
const ROWS: readonly Row[] = [
  ['a text', CHAT, chat({ type: 'text', text: 'x' }), [], []],
  [
    'an image',
    CHAT,
    chat({ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }),
    [],
    ['image'],
  ],
  ['a sound', CHAT, chat({ type: 'input_audio', input_audio: { data: 'AA' } }), [], ['audio']],
  [
    'a file',
    CHAT,
    chat({ type: 'file', file: { file_data: 'data:application/pdf;base64,AA' } }),
    [],
    ['file'],
  ],
  [
    'a file that is a text',
    CHAT,
    chat({ type: 'file', file: { file_data: TEXT, filename: 'a.txt' } }),
    [],
    [],
  ],
  [
    'a text with more beside it',
    CHAT,
    chat({ type: 'file', file: { file_data: TEXT, file_url: 'https://example.org/a' } }),
    [],
    ['file'],
  ],
  [
    'texts with more beside them, and without',
    RESPONSES,
    {
      model: 'm',
      input: [
        { role: 'user', content: [{ type: 'input_file', filename: 'a', file_data: TEXT }] },
        { role: 'user', content: [{ type: 'input_image', image_url: TEXT, file_url: TEXT }] },
      ],
    },
    [],
    ['image'],
  ],
  [
    'a text with an address beside it',
    MESSAGES,
    chat({ type: 'document', source: { ...BASE64, data: 'YQ==', url: 'https://example.org/a' } }),
    [],
    ['file'],
  ],
  [
    'a document that is a text',
    MESSAGES,
    chat({ type: 'document', source: { ...BASE64, data: 'YQ==' } }),
    [],
    [],
  ],
  [
    'inline texts in both forms',
    CONTENT,
    gemini(
      { inlineData: { mimeType: 'text/plain', data: 'YQ==' } },
      { inline_data: { mime_type: 'text/plain', data: 'YQ==', display_name: 'a' } },
    ),
    [],
    [],
  ],
  [
    'an inline text with an address beside it',
    CONTENT,
    gemini({ inlineData: { mimeType: 'text/plain', data: 'YQ==', fileUri: 'https://example.org/a' } }),
    [],
    ['file'],
  ],
  ['a file that lies there', CHAT, chat({ type: 'file', file: { file_id: 'f1' } }), ['file f1'], []],
  [
    'an earlier voice',
    CHAT,
    { model: 'm', messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] },
    ['audio audio_1'],
    [],
  ],
  [
    'parts of a response',
    RESPONSES,
    {
      model: 'm',
      previous_response_id: 'resp_1',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_image', image_url: 'https://x.example/a.png' },
            { type: 'input_file', file_id: 'f2' },
          ],
        },
      ],
    },
    ['file f2', 'response resp_1'],
    ['image'],
  ],
  [
    'images and documents',
    MESSAGES,
    chat(
      { type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AA' } },
      { type: 'document', source: { type: 'text', data: 'x' } },
    ),
    [],
    ['image', 'file'],
  ],
  [
    'files, in results and documents too',
    MESSAGES,
    chat(
      { type: 'container_upload', file_id: 'f3' },
      { type: 'tool_result', content: [{ type: 'image', source: { type: 'file', file_id: 'f4' } }] },
      {
        type: 'document',
        source: { type: 'content', content: [{ type: 'image', source: { type: 'file', file_id: 'f5' } }] },
      },
    ),
    ['file f3', 'file f4', 'file f5'],
    [],
  ],
  [
    'files in the results of the provider',
    MESSAGES,
    chat({
      type: 'web_fetch_tool_result',
      content: { content: { source: { type: 'file', file_id: 'f6' } } },
    }),
    ['file f6'],
    [],
  ],
  [
    'a thread that goes on, and what it is compared with',
    MESSAGES,
    {
      ...chat(),
      thread: { type: 'continue', previous_message_id: 'msg_1' },
      diagnostics: { previous_message_id: 'msg_2' },
    },
    ['message msg_1', 'message msg_2'],
    [],
  ],
  [
    'thoughts that lie there',
    RESPONSES,
    {
      model: 'm',
      input: [
        { type: 'reasoning', id: 'rs_1' },
        { type: 'reasoning', id: 'rs_2', encrypted_content: 'x' },
      ],
    },
    ['item rs_1'],
    [],
  ],
  ['a container', MESSAGES, { ...chat(), container: 'c1' }, ['container c1'], []],
  ['a container with an id', MESSAGES, { ...chat(), container: { id: 'c2' } }, ['container c2'], []],
  [
    'media of Gemini',
    CONTENT,
    gemini(
      { inlineData: { mimeType: 'IMAGE/png', data: 'AA' } },
      { inline_data: { mime_type: 'audio/wav' } },
    ),
    [],
    ['image', 'audio'],
  ],
  [
    'files of Gemini, by any of its addresses',
    CONTENT,
    gemini(
      {
        fileData: {
          fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc',
          mimeType: 'image/png',
        },
      },
      { file_data: { file_uri: 'files/def' } },
      { fileData: { fileUri: 'gs://bucket/secret.txt' } },
      { fileData: { fileUri: 'https://www.example.com/v.mp4', mimeType: 'video/mp4' } },
      {
        functionResponse: {
          name: 'x',
          parts: [{ fileData: { fileUri: 'https://storage.googleapis.com/b/o' } }],
        },
      },
    ),
    [
      'file files/abc',
      'file files/def',
      'file gs://bucket/secret.txt',
      'file https://storage.googleapis.com/b/o',
    ],
    ['file'],
  ],
  [
    'a system instruction and a cache',
    CONTENT,
    {
      ...gemini(),
      systemInstruction: { parts: [{ fileData: { fileUri: 'files/g' } }] },
      cachedContent: 'cachedContents/x',
    },
    ['cached_content cachedContents/x', 'file files/g'],
    [],
  ],
  [
    'what is only counted',
    COUNT,
    { generateContentRequest: gemini({ fileData: { fileUri: 'files/h' } }) },
    ['file files/h'],
    [],
  ],
  ['what is counted alone', COUNT, gemini({ fileData: { fileUri: 'files/i' } }), ['file files/i'], []],
  [
    'what is embedded',
    EMBED,
    { requests: [{ content: { parts: [{ fileData: { fileUri: 'files/j' } }] } }] },
    ['file files/j'],
    [],
  ],
  [
    'images of a chat',
    OLLAMA_CHAT,
    { model: 'm', messages: [{ role: 'user', content: '', images: ['AA'] }] },
    [],
    ['image'],
  ],
  ['images of a text', GENERATE, { model: 'm', prompt: 'x', images: ['AA'] }, [], ['image']],
];

describe('a request', () => {
  it.each(ROWS)('names %s', (_name, endpoint, body, references, unscanned) => {
    const result = read(endpoint, body);
    if (!result.ok) throw new Error(result.message);
    const nameOf = ({ kind, id }: Reference): string => `${kind} ${id}`;
    expect((result.request.references ?? []).map(nameOf).sort()).toEqual([...references].sort());
    expect(result.request.unscanned ?? []).toEqual(unscanned);
  });

  it.each<[string, Endpoint, object]>([
    ['an id that is a text', CHAT, chat({ type: 'file', file: { file_id: 'my secret file' } })],
    ['a file that is none', CHAT, chat({ type: 'file', file: 'f1' })],
    ['a message that is none', CHAT, { model: 'm', messages: ['x'] }],
    [
      'a content that is no list',
      CHAT,
      { model: 'm', messages: [{ content: { type: 'file', file: { file_id: 'f' } } }] },
    ],
    ['a block of a type that nobody knows', MESSAGES, chat({ type: 'next_year' })],
    ['another model to fall back to', MESSAGES, { ...chat(), fallbacks: [{ model: 'x' }] }],
    ['an account that pays', MESSAGES, { ...chat(), workspace_id: 'w' }],
    ['images in another case', OLLAMA_CHAT, { model: 'm', messages: [{ role: 'user', Images: ['AA'] }] }],
    ['tool calls in another case', OLLAMA_CHAT, { model: 'm', messages: [{ Tool_Calls: [] }] }],
    ['a part in another case', LIKE_OPENAI, chat({ Type: 'image_url', Image_url: { url: 'x' } })],
    ['a file of Anthropic without an id', MESSAGES, chat({ type: 'container_upload' })],
    ['an image without a source', MESSAGES, chat({ type: 'image' })],
    ['a member in a form that only some know', CONTENT, gemini({ FileData: { fileUri: 'files/x' } })],
    ['a member twice', CONTENT, gemini({ fileData: { fileUri: 'https://a.example', file_uri: 'files/x' } })],
    ['parts in another form', CONTENT, { contents: [{ Parts: [{ fileData: { fileUri: 'files/x' } }] }] }],
    ['an address that hides a name', CONTENT, gemini({ fileData: { fileUri: 'files/x?y=a b' } })],
    ['tokens in place of a text', GENERATE, { model: 'm', prompt: 'x', context: [1, 2] }],
    [
      'too many',
      CHAT,
      chat(
        ...Array.from({ length: 513 }, (_, index) => ({
          type: 'file',
          file: { file_id: `f${String(index)}` },
        })),
      ),
    ],
  ])('is not understood with %s', (_name, endpoint, body) => {
    expect(read(endpoint, body)).toMatchObject({ ok: false, reasonCode: 'request_malformed' });
  });
});

it('may have members of its own tools spelled as it likes', () => {
  const parameters = { properties: { Type: {}, Content: {} } };
  const tools = [{ type: 'function', function: { name: 'x', parameters } }];
  const messages = [{ role: 'assistant', tool_calls: [{ function: { name: 'x', arguments: { Type: 1 } } }] }];
  for (const endpoint of [OLLAMA_CHAT, LIKE_OPENAI])
    expect(read(endpoint, { model: 'm', messages, tools })).toMatchObject({ ok: true });
});

it('brings a tool in the middle of a conversation only decided', () => {
  const added = (definition: object): object =>
    chat({ type: 'tool_addition', tool: { type: 'tool_definition', definition } });
  expect(read(MESSAGES, added({ type: 'code_execution_20260521', name: 'code' }))).toMatchObject({
    request: { hostedTools: [{ type: 'code_execution_20260521' }] },
  });
  expect(read(MESSAGES, added({ type: null, name: 'own' }))).toMatchObject({
    request: { toolNames: ['own'] },
  });
  const change = { type: 'tool_addition', tool: { type: 'tool_definition', definition: { type: 'x_1' } } };
  expect(read(MESSAGES, chat({ type: 'compaction', tool_changes: [change] }))).toMatchObject({
    request: { hostedTools: [{ type: 'x_1' }] },
  });
});
