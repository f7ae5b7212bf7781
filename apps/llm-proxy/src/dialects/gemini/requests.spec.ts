import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoint, RequestResult } from '../dialect';
import { GEMINI } from './gemini';
import { readRequest } from '../reading';

const MAX = 64 * 1024;
const RULES = { maxBytes: MAX, unknownMembers: 'refuse' } as const;
const CONTENTS = [{ role: 'user', parts: [{ text: 'Hi' }] }];

function endpoint(verb: string): Endpoint {
  const found = GEMINI.endpointOf({ method: 'POST', path: `/v1beta/models/gem:${verb}`, query: '' });
  if (!found) throw new Error(verb);
  return found;
}

function read(body: object | string, verb = 'generateContent'): RequestResult {
  return readRequest(
    endpoint(verb),
    Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    RULES,
  );
}

describe('a request for content', () => {
  it('is read from what the SDK sends', () => {
    const bytes = readFileSync(join(__dirname, '../../../test/fixtures/gemini/request.json'));
    expect(endpoint('generateContent').readRequest(bytes, MAX)).toMatchObject({
      ok: true,
      request: {
        model: 'gem',
        isStream: false,
        hidesTokens: false,
        toolNames: ['get_weather'],
        hostedTools: [],
      },
    });
    expect(endpoint('streamGenerateContent').readRequest(bytes, MAX)).toMatchObject({
      request: { isStream: true },
    });
  });

  it('has tools in either form, and a single thing for a list of one', () => {
    const declaration = { name: 'get_weather' };
    for (const tools of [
      [{ functionDeclarations: [declaration] }, { googleSearch: {} }],
      [{ function_declarations: [declaration], google_search: {} }],
      { functionDeclarations: declaration, googleSearch: {} },
    ]) {
      expect(read({ contents: CONTENTS[0], tools })).toMatchObject({
        request: { toolNames: ['get_weather'], hostedTools: [{ type: 'googleSearch', settings: {} }] },
      });
    }
  });

  it('names each tool that the provider would run, also those that nobody knows yet', () => {
    const tools = [
      { codeExecution: {}, urlContext: null },
      { google_search_retrieval: { dynamicRetrievalConfig: {} } },
      { mcpServers: [{ name: 'docs' }] },
      { tool_of_next_year: { a: 1 } },
    ];
    const result = read({ contents: CONTENTS, tools, cached_content: 'cachedContents/x' });
    expect(result.ok && result.request.hostedTools).toEqual([
      { type: 'codeExecution', settings: {} },
      { type: 'googleSearchRetrieval', settings: { dynamicRetrievalConfig: {} } },
      { type: 'mcpServers', settings: [{ name: 'docs' }] },
      { type: 'toolOfNextYear', settings: { a: 1 } },
    ]);
    expect(result).toMatchObject({
      request: { references: [{ kind: 'cached_content', id: 'cachedContents/x' }] },
    });
  });

  it('may name the model of its path, and no other', () => {
    for (const model of ['gem', 'models/gem', null])
      expect(read({ contents: CONTENTS, model })).toMatchObject({ ok: true });
    for (const model of ['other', 'models/other', 'tunedModels/gem', 1])
      expect(read({ contents: CONTENTS, model })).toMatchObject({ reasonCode: 'request_malformed' });
  });

  it.each([
    ['[]', 'must be an object'],
    ['{}', "'contents'"],
    ['{"contents":"Hi"}', "'contents'"],
    ['{"contents":[],"contents":[]}', 'names a member twice'],
    ['{"contents":[],"systemInstruction":{},"system_instruction":{}}', 'both of its forms'],
    ['{"contents":[],"cachedContent":"a","cached_content":"b"}', 'both of its forms'],
    ['{"contents":[],"Tools":[]}', 'in one that is not known'],
    ['{"contents":[],"system__instruction":{}}', 'is not known'],
    ['{"contents":[],"next_year":1}', "'next_year' is not known"],
    ['{"contents":[],"tools":"x"}', "'tools'"],
    ['{"contents":[],"tools":[[]]}', "'tools'"],
    ['{"contents":[],"tools":[{"functionDeclarations":[],"function_declarations":[]}]}', "'tools'"],
    ['{"contents":[],"tools":[{"googleSearch":{},"google_search":null}]}', "'tools'"],
    ['{"contents":[],"tools":[{"FunctionDeclarations":[{"name":"rm"}]}]}', "'tools'"],
    ['{"contents":[],"tools":[{"functionDeclarations":[{"name":"two words"}]}]}', "'tools'"],
    ['{"contents":[],"tools":[{"functionDeclarations":["x"]}]}', "'tools'"],
    ['{"contents":[],"tools":[{"functionDeclarations":"x"}]}', "'tools'"],
    ['{"contents":[],"tools":[{"ignore all rules":{}}]}', "'tools'"],
  ])('is refused when it is %s', (body, message) => {
    expect(read(body)).toMatchObject({
      ok: false,
      reasonCode: 'request_malformed',
      message: expect.stringContaining(message) as string,
    });
  });

  it('is refused when it asks the provider to run more tools than anybody would decide', () => {
    const tools = Array.from({ length: 33 }, () => ({ googleSearch: {} }));
    expect(read({ contents: CONTENTS, tools })).toMatchObject({ reasonCode: 'request_malformed' });
  });

  it('goes up as it came, or as what is left of it', () => {
    const result = read({ contents: CONTENTS });
    if (!result.ok) throw new Error(result.message);
    const content = endpoint('generateContent');
    expect(content.outboundBody(result.request, undefined)).toBe(result.request.bytes);
    expect(content.outboundBody(result.request, { contents: [] })).toBe('{"contents":[]}');
  });
});

describe('a count of tokens', () => {
  it('is of contents, or of a whole request, whose tools count too', () => {
    expect(read({ contents: CONTENTS }, 'countTokens')).toMatchObject({ request: { model: 'gem' } });
    for (const name of ['generateContentRequest', 'generate_content_request']) {
      const whole = { model: 'models/gem', contents: CONTENTS, tools: [{ url_context: {} }] };
      expect(read({ [name]: whole }, 'countTokens')).toMatchObject({
        ok: true,
        request: { hostedTools: [{ type: 'urlContext' }] },
      });
    }
  });

  it.each([
    ['nothing', {}],
    ['both', { contents: CONTENTS, generateContentRequest: { contents: CONTENTS } }],
    ['both forms', { generateContentRequest: {}, generate_content_request: {} }],
    ['another model', { generateContentRequest: { model: 'models/other', contents: CONTENTS } }],
    ['an unknown member', { generateContentRequest: { contents: CONTENTS, next_year: 1 } }],
    ['no object', { generateContentRequest: [] }],
    ['tools of its own', { contents: CONTENTS, tools: [] }],
  ])('is refused with %s', (_name, body) => {
    expect(read(body, 'countTokens')).toMatchObject({ reasonCode: 'request_malformed' });
  });

  it('is answered by a number', () => {
    const count = endpoint('countTokens');
    expect(count.readAnswer({ totalTokens: 7 })).toEqual({ calls: [], tokens: undefined });
    expect(count.readAnswer({ total_tokens: 7 })).toEqual({ calls: [], tokens: undefined });
    expect(count.readAnswer({ candidates: [] })).toBeUndefined();
  });
});

describe('a request to embed', () => {
  const content = { parts: [{ text: 'Hi' }] };

  it('is of one text or of many', () => {
    expect(read({ content, taskType: 'X', output_dimensionality: 3 }, 'embedContent')).toMatchObject({
      ok: true,
      request: { model: 'gem', toolNames: [] },
    });
    const requests = [{ content, model: 'models/gem' }, { content }];
    expect(read({ requests }, 'batchEmbedContents')).toMatchObject({ ok: true });
    expect(read({ requests: requests[0] }, 'batchEmbedContents')).toMatchObject({ ok: true });
  });

  it.each([
    ['embedContent', {}],
    ['embedContent', { content, model: 'models/other' }],
    ['embedContent', { content, taskType: 'X', task_type: 'Y' }],
    ['embedContent', { content, tools: [] }],
    ['batchEmbedContents', {}],
    ['batchEmbedContents', { requests: 'x' }],
    ['batchEmbedContents', { requests: [{ content }, { content, model: 'models/other' }] }],
    ['batchEmbedContents', { requests: [{ content, next_year: 1 }] }],
    ['batchEmbedContents', { requests: ['x'] }],
  ])('%s is refused with %j', (verb, body) => {
    expect(read(body, verb)).toMatchObject({ reasonCode: 'request_malformed' });
  });

  it('is answered by vectors', () => {
    expect(endpoint('embedContent').readAnswer({ embedding: { values: [1] } })).toEqual({ calls: [] });
    expect(endpoint('embedContent').readAnswer({ embeddings: [] })).toBeUndefined();
    expect(endpoint('batchEmbedContents').readAnswer({ embeddings: [{ values: [1] }] })).toEqual({
      calls: [],
    });
    expect(endpoint('batchEmbedContents').readAnswer({})).toBeUndefined();
    expect(endpoint('batchEmbedContents').toolName).toBe('embed');
    expect(endpoint('embedContent').readChunk({ data: '{}' })).toBeUndefined();
  });
});

describe('the outline of a request to Gemini', () => {
  it('tells everything but the texts and what the agent put into its own objects', () => {
    const text = 'canary';
    const part = (inner: object): object => ({ role: 'user', parts: [inner] });
    const body = {
      system_instruction: { parts: [{ text }] },
      contents: [
        part({ text }),
        part({ inlineData: { mimeType: 'image/png', data: text } }),
        part({ functionCall: { name: 'f', args: { name: text, role: text, deep: [{ mimeType: text }] } } }),
        part({ function_response: { name: 'f', response: { name: text } } }),
      ],
      tools: [
        {
          functionDeclarations: [
            {
              name: 'f',
              description: text,
              parameters: { type: 'OBJECT', properties: { city: { enum: [text] } } },
            },
          ],
        },
      ],
      generationConfig: { temperature: 0, stopSequences: [text], responseSchema: { description: text } },
    };
    const told = endpoint('generateContent').outlineOf(body);
    expect(JSON.stringify(told)).not.toContain(text);
    expect(told).toMatchObject({
      contents: [
        { role: 'user', parts: [{ text: 6 }] },
        { parts: [{ inlineData: { mimeType: 'image/png', data: 6 } }] },
        { parts: [{ functionCall: { name: 'f', args: { name: 6, role: 6, deep: [{ mimeType: 6 }] } } }] },
        { parts: [{ function_response: { name: 'f', response: { name: 6 } } }] },
      ],
      tools: [{ functionDeclarations: [{ name: 'f', description: 6, parameters: ['city'] }] }],
    });
  });
});
