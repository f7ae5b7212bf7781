// Who calls, and what an address may say.
import { agentEntry, describeWithOpa, keyedAgent, putAsOwner } from '@behavry/testing';
import { AGENT, LlmPlane } from './llm-plane';

const SECRET = 'AKIAIOSFODNN7EXAMPLE';

describeWithOpa('llm-proxy and its callers', () => {
  let plane: LlmPlane;

  beforeAll(async () => {
    plane = await LlmPlane.start();
  }, 120_000);
  afterAll(() => plane.stop());

  describe('the token of an agent', () => {
    const path = '/api/v1/gemini/v1beta/models/gpt:generateContent';
    const body = JSON.stringify({ contents: [] });
    const post = (query: string, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${plane.proxy.url}${path}${query}`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...headers },
      });

    it("may come where Gemini's users put their key, and goes nowhere", async () => {
      plane.provider.say('gpt', { raw: '{"candidates":[{"content":{"parts":[]},"finishReason":"STOP"}]}' });
      const response = await post(`?key=${plane.token()}`);
      expect(response.status).toBe(200);
      const id = response.headers.get('x-behavry-decision');
      const shown = JSON.stringify([plane.provider.seen.at(-1), await plane.record(id), plane.proxy.log]);
      expect(shown).not.toContain(plane.token().split('.')[2]);
      expect((await post('?key=nonsense')).status).toBe(401);
      expect((await post('')).status).toBe(401);
    });

    it('is not taken from a second place when the first has another', async () => {
      const token = { 'x-goog-api-key': 'nonsense' };
      expect((await post(`?key=${plane.token()}`, token)).status).toBe(401);
      expect((await post(`?key=${plane.token()}&key=x`)).status).toBe(403);
    });
  });

  it('takes a key that does not end for a token, until its session of the day is ended', async () => {
    const { entry, key } = keyedAgent('keyed');
    const secret = key.split('.')[1] ?? key;
    await plane.configure({ agents: [agentEntry(AGENT), entry] });
    const headers = { authorization: `Bearer ${key}` };
    const call = (): Promise<Response> => plane.post(JSON.stringify(plane.ask('gpt')), headers);
    plane.provider.say('gpt', {});
    const first = await call();
    expect(first.status).toBe(200);
    const record = await plane.record(first.headers.get('x-behavry-decision'));
    expect(record).toMatchObject({ agent_id: 'keyed', outcome: 'ok' });
    const sessions = { [String(record['session_id'])]: '2026-01-01T00:00:00.000Z' };
    await putAsOwner(plane.proxy.app, 'sessions.ended', { sessions });
    const ended = await call();
    expect(await ended.json()).toMatchObject({ error: { code: 'session_revoked' } });
    await putAsOwner(plane.proxy.app, 'sessions.ended', { sessions: {} });
    await plane.configure({ agents: [agentEntry(AGENT)] });
    expect((await call()).status).toBe(401);
    const shown = JSON.stringify([plane.provider.seen.at(-1), plane.entries, plane.proxy.log]);
    expect(shown).not.toContain(secret);
  });

  it.each([
    ['POST', `gemini/v1beta/models/${SECRET}:generateContent`, '{"contents":[]}'],
    ['GET', `openai/v1/models/${SECRET}`, undefined],
    ['GET', `anthropic/v1/models/${SECRET}`, undefined],
  ])('lets no name of a model in an address carry a secret out: %s %s', async (method, path, body) => {
    const before = plane.provider.seen.length;
    const headers = { authorization: `Bearer ${plane.token()}`, 'content-type': 'application/json' };
    const response = await fetch(`${plane.proxy.url}/api/v1/${path}`, {
      method,
      body: body ?? null,
      headers,
    });
    expect(response.status).toBe(403);
    expect(plane.provider.seen).toHaveLength(before);
    const record = await plane.record(response.headers.get('x-behavry-decision'));
    expect(JSON.stringify(record)).not.toContain(SECRET);
    expect(record).toMatchObject({ reason_code: 'dlp_blocked' });
  });

  it('binds an approval to model and key', async () => {
    const digests = new Set<unknown>();
    plane.provider.say('one', { raw: '{"candidates":[{"content":{"parts":[]},"finishReason":"STOP"}]}' });
    plane.provider.say('two', { raw: '{"candidates":[{"content":{"parts":[]},"finishReason":"STOP"}]}' });
    for (const [model, more] of [
      ['one', {}],
      ['two', {}],
      ['one', { 'x-gemini-key': 'own' }],
    ] as const) {
      const response = await plane.post(
        '{"contents":[]}',
        more,
        `gemini/v1beta/models/${model}:generateContent`,
      );
      digests.add((await plane.record(response.headers.get('x-behavry-decision')))['input_hash']);
    }
    expect(digests.size).toBe(3);
  });

  it('lets no page token of a list carry a secret out', async () => {
    const before = plane.provider.seen.length;
    const token = { authorization: `Bearer ${plane.token()}` };
    const list = (query: string): Promise<Response> =>
      fetch(`${plane.proxy.url}/api/v1/gemini/v1beta/models?${query}`, { headers: token });
    expect((await list(`pageToken=${SECRET}`)).status).toBe(403);
    expect((await list('pageToken=abc&x=1')).status).toBe(403);
    expect(plane.provider.seen).toHaveLength(before);
  });
});
