import { ANTHROPIC } from './anthropic';

const at = (method: string, path: string, query = ''): ReturnType<typeof ANTHROPIC.endpointOf> =>
  ANTHROPIC.endpointOf({ method, path, query });

describe('a target of Anthropic', () => {
  it.each([
    ['POST', '/v1/messages', '', 'POST /v1/messages', '/v1/messages'],
    ['POST', '/v1/messages', 'beta=true', 'POST /v1/messages', '/v1/messages?beta=true'],
    ['POST', '/v1/messages/count_tokens', '', 'POST /v1/messages/count_tokens', '/v1/messages/count_tokens'],
    ['GET', '/v1/models', '', 'GET /v1/models', '/v1/models'],
    ['GET', '/v1/models', 'limit=20&after_id=m-1', 'GET /v1/models', '/v1/models?limit=20&after_id=m-1'],
    ['GET', '/v1/models/claude-x.1', 'beta=true', 'GET /v1/models/*', '/v1/models/claude-x.1?beta=true'],
  ])('is understood: %s %s?%s', (method, path, query, name, sent) => {
    expect(at(method, path, query)).toMatchObject({ method, name, path: sent });
  });

  it.each([
    ['GET', '/v1/messages', ''],
    ['POST', '/v1/models', ''],
    ['DELETE', '/v1/models/x', ''],
    ['GET', '/v1/models/', ''],
    ['GET', '/v1/models/..', ''],
    ['GET', '/v1/models/a/b', ''],
    ['GET', '/v1/models/a%2fb', ''],
    ['GET', '/v1/modelsx', ''],
    ['GET', '/v1/models', 'limit=1&limit=2'],
    ['GET', '/v1/models', 'after_id=some words'],
    ['GET', '/v1/models', 'x=1'],
    ['POST', '/v1/messages', 'beta=false'],
    ['POST', '/v1/messages/batches', ''],
    ['GET', '/v1/files', ''],
    ['POST', '/v1/complete', ''],
  ])('is not understood: %s %s?%s', (method, path, query) => {
    expect(at(method, path, query)).toBeUndefined();
  });

  it('tells policy what a list asks for, and takes only a list for its answer', () => {
    const list = at('GET', '/v1/models', 'limit=20');
    expect(list?.readRequest(new Uint8Array(), 10)).toMatchObject({
      request: { model: '', body: { limit: '20' }, isStream: false },
    });
    expect(list?.readAnswer({ data: [] })).toEqual({ calls: [], tokens: undefined });
    expect(list?.readAnswer({ content: [] })).toBeUndefined();
    const one = at('GET', '/v1/models/claude');
    expect(one?.readRequest(new Uint8Array(), 10)).toMatchObject({ request: { model: 'claude' } });
    expect(one?.readAnswer({ id: 'claude' })).toBeDefined();
    expect(one?.readAnswer({ data: [] })).toBeUndefined();
  });
});
