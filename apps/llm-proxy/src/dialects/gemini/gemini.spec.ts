import { GEMINI } from './gemini';

const MODEL = '/v1beta/models/gemini-2.5-flash';

function pathOf(method: string, path: string, query = ''): string | undefined {
  return GEMINI.endpointOf({ method, path, query })?.path;
}

describe('a target of Gemini', () => {
  it.each([
    ['POST', `${MODEL}:generateContent`, '', `${MODEL}:generateContent`],
    ['POST', `${MODEL}:streamGenerateContent`, 'alt=sse', `${MODEL}:streamGenerateContent?alt=sse`],
    ['POST', `${MODEL}:streamGenerateContent`, '', `${MODEL}:streamGenerateContent`],
    ['POST', `${MODEL}:countTokens`, '', `${MODEL}:countTokens`],
    ['POST', `${MODEL}:embedContent`, '', `${MODEL}:embedContent`],
    ['POST', `${MODEL}:batchEmbedContents`, '', `${MODEL}:batchEmbedContents`],
    ['GET', '/v1/models', '', '/v1/models'],
    [
      'GET',
      '/v1alpha/models',
      'pageToken=a-b_c%3D&pageSize=5',
      '/v1alpha/models?pageToken=a-b_c%3D&pageSize=5',
    ],
    ['GET', MODEL, '', MODEL],
  ])('is understood: %s %s?%s', (method, path, query, up) => {
    expect(pathOf(method, path, query)).toBe(up);
  });

  it('may bring a key in its query, which does not go on', () => {
    for (const query of ['key=agk_a.b', 'key=', 'key=agk_a.b&alt=sse', 'alt=sse&key=a%2Fb']) {
      const up = pathOf('POST', `${MODEL}:streamGenerateContent`, query);
      expect(up).toBe(`${MODEL}:streamGenerateContent${query.includes('alt') ? '?alt=sse' : ''}`);
    }
    expect(pathOf('POST', `${MODEL}:generateContent`, 'key=secret')).toBe(`${MODEL}:generateContent`);
    expect(pathOf('GET', '/v1/models', 'key=secret&pageSize=2')).toBe('/v1/models?pageSize=2');
  });

  it.each([
    ['POST', '/v1beta/tunedModels/my-model:generateContent', ''],
    ['POST', '/v2/models/gemini:generateContent', ''],
    ['POST', '/models/gemini:generateContent', ''],
    ['GET', `${MODEL}:generateContent`, ''],
    ['POST', MODEL, ''],
    ['POST', '/v1beta/models', ''],
    ['DELETE', MODEL, ''],
    ['POST', `${MODEL}:predict`, ''],
    ['POST', `${MODEL}:batchGenerateContent`, ''],
    ['POST', `${MODEL}:GenerateContent`, ''],
    ['POST', `${MODEL}:generateContent/`, ''],
    ['POST', `${MODEL}:generateContent:countTokens`, ''],
    ['POST', '/v1beta/models/a/b:generateContent', ''],
    ['POST', '/v1beta/models/..:generateContent', ''],
    ['POST', '/v1beta/models/a..b:generateContent', ''],
    ['POST', '/v1beta/models/gemini%2F..:generateContent', ''],
    ['POST', '/v1beta/models/gemini:generate%43ontent', ''],
    ['POST', '/v1beta/interactions', ''],
    ['POST', '/v1beta/cachedContents', ''],
    ['GET', '/v1beta/files', ''],
    ['POST', '/upload/v1beta/files', ''],
    ['POST', `${MODEL}:generateContent`, 'alt=sse'],
    ['POST', `${MODEL}:streamGenerateContent`, 'alt=json'],
    ['POST', `${MODEL}:streamGenerateContent`, 'alt=sse&alt=sse'],
    ['POST', `${MODEL}:streamGenerateContent`, 'alt=sse&alt=json'],
    ['POST', `${MODEL}:streamGenerateContent`, '%61lt=sse'],
    ['POST', `${MODEL}:streamGenerateContent`, '$alt=sse'],
    ['POST', `${MODEL}:streamGenerateContent`, 'Alt=sse'],
    ['POST', `${MODEL}:streamGenerateContent`, 'alt=sse&'],
    ['POST', `${MODEL}:generateContent`, 'fields=candidates'],
    ['POST', `${MODEL}:generateContent`, 'pageSize=1'],
    ['POST', `${MODEL}:generateContent`, 'key=a&key=b'],
    ['GET', '/v1/models', 'pageSize=x'],
    ['GET', '/v1/models', 'pageToken=a%20b'],
    ['GET', '/v1/models', 'filter=x'],
    ['GET', '/v1/models', 'alt=sse'],
    ['GET', MODEL, 'pageSize=1'],
  ])('is not understood: %s %s?%s', (method, path, query) => {
    expect(pathOf(method, path, query)).toBeUndefined();
  });

  it('is recorded by a name without its model', () => {
    const endpoint = GEMINI.endpointOf({ method: 'POST', path: `${MODEL}:generateContent`, query: '' });
    expect(endpoint).toMatchObject({ name: 'POST /v1beta/models/*:generateContent', toolName: 'chat' });
    expect(GEMINI.endpointOf({ method: 'GET', path: MODEL, query: '' })).toMatchObject({
      name: 'GET /v1beta/models/*',
      toolName: 'list',
    });
  });

  it('gets the key as Google wants it', () => {
    expect(GEMINI.authorize('k')).toEqual({ 'x-goog-api-key': 'k' });
  });
});

describe('a list of models', () => {
  const list = GEMINI.endpointOf({ method: 'GET', path: '/v1/models', query: 'pageToken=YQ%3D%3D&key=k' });
  const one = GEMINI.endpointOf({ method: 'GET', path: MODEL, query: '' });

  it('is a request about no model, which tells what it asks for', () => {
    expect(list?.readRequest(Buffer.alloc(0), 10)).toMatchObject({
      ok: true,
      request: { model: '', isStream: false, body: { pageToken: 'YQ==' } },
    });
    expect(one?.readRequest(Buffer.alloc(0), 10)).toMatchObject({ request: { model: 'gemini-2.5-flash' } });
  });

  it('is answered by models', () => {
    expect(list?.readAnswer({ models: [], nextPageToken: 'x' })).toEqual({ calls: [] });
    expect(list?.readAnswer({})).toEqual({ calls: [] });
    expect(list?.readAnswer({ models: {} })).toBeUndefined();
    expect(list?.readAnswer({ error: {} })).toBeUndefined();
    expect(one?.readAnswer({ name: 'models/gemini-2.5-flash' })).toEqual({ calls: [] });
    expect(one?.readAnswer([])).toBeUndefined();
  });
});
