import type { Endpoint } from './dialect';
import { GEMINI } from './gemini/gemini';
import { OLLAMA } from './ollama/ollama';
import { OPENAI } from './openai/openai';
import { readRequest } from './reading';

const at = (dialect: typeof OPENAI, path: string): Endpoint => {
  const found = dialect.endpointOf({ method: 'POST', path, query: '' });
  if (!found) throw new Error(path);
  return found;
};
const CHAT = at(OPENAI, '/chat/completions');
const CONTENT = at(GEMINI, '/v1/models/m:generateContent');
const OLLAMA_CHAT = at(OLLAMA, '/api/chat');
const PLAIN = { model: 'm', messages: [] };

describe('members that nobody knows', () => {
  const read = (endpoint: Endpoint, body: object, unknownMembers: 'refuse' | 'decide') =>
    readRequest(endpoint, Buffer.from(JSON.stringify(body)), { maxBytes: 10_000, unknownMembers });

  it('are refused, or a decision of their own', () => {
    const body = { ...PLAIN, next_year: 1, 'a b': 2 };
    expect(read(CHAT, body, 'refuse')).toMatchObject({
      ok: false,
      message: "'next_year' is not known here, so what it does cannot be judged",
    });
    expect(read(CHAT, body, 'decide')).toMatchObject({
      ok: true,
      request: { hostedTools: [{ type: 'unknown_members', settings: { members: ['next_year', 'a b'] } }] },
    });
    expect(read(CHAT, PLAIN, 'decide')).toMatchObject({ ok: true, request: { hostedTools: [] } });
  });

  it.each<[string, Endpoint, object]>([
    ['Model', CHAT, { ...PLAIN, Model: 'x' }],
    ['web_Search_options', CHAT, { ...PLAIN, web_Search_options: {} }],
    ['Tools', OLLAMA_CHAT, { ...PLAIN, Tools: [] }],
    ['Tools', CONTENT, { contents: [], Tools: [] }],
    ['system__instruction', CONTENT, { contents: [], system__instruction: {} }],
  ])('are refused always where some servers take them for known ones: %s', (_name, endpoint, body) => {
    expect(read(endpoint, body, 'decide')).toMatchObject({ ok: false, reasonCode: 'request_malformed' });
  });
});
