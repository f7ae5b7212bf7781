import { GEMINI } from './gemini/gemini';
import { OPENAI } from './openai/openai';
import { outboundHeaders } from './request-headers';

describe('what goes up beside the body', () => {
  it('is a closed list of headers, and none that chooses an account while the plane pays', () => {
    const sent = {
      authorization: 'Bearer agent-token',
      cookie: 'a=b',
      'x-anything': 'x',
      'openai-beta': 'assistants=v2',
      'idempotency-key': 'line\nbreak',
      'openai-project': 'proj_1',
      'openai-organization': 'org-1',
    };
    expect(outboundHeaders(OPENAI, sent)).toEqual({
      ownKey: undefined,
      headers: { 'openai-beta': 'assistants=v2' },
    });
    expect(outboundHeaders(OPENAI, { ...sent, 'x-openai-key': 'sk-own' })).toEqual({
      ownKey: 'sk-own',
      headers: { 'openai-beta': 'assistants=v2', 'openai-project': 'proj_1', 'openai-organization': 'org-1' },
    });
    expect(outboundHeaders(OPENAI, { 'x-openai-key': 'a b' })).toBeUndefined();
  });

  it('is also what tells which program asks', () => {
    const sent = { 'x-goog-api-client': 'google-genai-sdk/3.1.0 gl-node/v22', 'x-goog-user-project': 'p' };
    expect(outboundHeaders(GEMINI, { ...sent, 'x-goog-api-key': 'agent-token' })).toEqual({
      ownKey: undefined,
      headers: { 'x-goog-api-client': 'google-genai-sdk/3.1.0 gl-node/v22' },
    });
    expect(outboundHeaders(GEMINI, { ...sent, 'x-gemini-key': 'own' })).toMatchObject({ headers: sent });
  });
});
