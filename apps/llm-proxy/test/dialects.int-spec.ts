// The same attacks in all four dialects: what must not leave is looked for at the provider, what must not come at the agent.
import { connect } from 'node:net';
import { once } from 'node:events';
import { agentEntry, describeWithOpa, keyedAgent, putAsOwner } from '@behavry/testing';
import { AGENT, LlmPlane, PLANE_KEY } from './llm-plane';
import { SPEAKERS, type Called, type Speaker } from './speakers';

const SECRET = 'AKIAIOSFODNN7EXAMPLE';
const HALVES = ['Here: AKIAIOSFODNN', '7EXAMPLE, that is it.'];
const WEATHER: Called = { name: 'get_weather', arguments: { city: 'Oslo' } };
const WIPE: Called = { name: 'delete_everything', arguments: { city: 'Oslo' } };

interface Got {
  readonly status: number;
  readonly text: string;
  readonly isBroken: boolean;
  readonly decision: string | null;
}

describeWithOpa('llm-proxy in every dialect', () => {
  let plane: LlmPlane;

  beforeAll(async () => {
    plane = await LlmPlane.start();
  }, 120_000);
  afterAll(() => plane.stop());

  async function ask(
    speaker: Speaker,
    isStream: boolean,
    { model = 'gpt', text = 'hello', more = {} }: { model?: string; text?: string; more?: object } = {},
  ): Promise<Got> {
    const path = `${speaker.provider}${speaker.path(model, isStream)}`;
    const response = await plane.post(JSON.stringify(speaker.body(model, text, isStream, more)), {}, path);
    const decision = response.headers.get('x-behavry-decision');
    let got = '';
    try {
      for await (const bytes of response.body ?? []) got += Buffer.from(bytes as Uint8Array).toString('utf8');
    } catch {
      return { status: response.status, text: got, isBroken: true, decision };
    }
    return { status: response.status, text: got, isBroken: false, decision };
  }

  /** Tells the provider what to say to that model, whole or streamed. */
  function say(speaker: Speaker, isStream: boolean, texts: readonly string[], call?: Called): string {
    plane.provider.say(
      'told',
      isStream
        ? { raw: speaker.stream(texts, call), headers: { 'content-type': speaker.streamType } }
        : { raw: speaker.whole(texts, call) },
    );
    return 'told';
  }

  describe.each(SPEAKERS.map((speaker) => [speaker.provider, speaker] as const))(
    '%s',
    (provider, speaker) => {
      const BOTH = [
        ['whole', false],
        ['streamed', true],
      ] as const;

      it.each(BOTH)('passes an answer on as it came, %s', async (_name, isStream) => {
        const model = say(speaker, isStream, ['Let me', ' look.'], WEATHER);
        const { status, text, isBroken, decision } = await ask(speaker, isStream, { model });
        expect({ status, isBroken }).toEqual({ status: 200, isBroken: false });
        expect(text).toBe(
          isStream ? speaker.stream(['Let me', ' look.'], WEATHER) : speaker.whole(['Let me look.'], WEATHER),
        );
        expect(await plane.record(decision)).toMatchObject({
          provider,
          model,
          outcome: 'ok',
          verdict: 'allow',
        });
        const [name, start] = speaker.key;
        const { headers } = plane.provider.seen.at(-1) ?? {};
        expect(headers?.[name]).toBe(`${start}${PLANE_KEY}`);
        expect(JSON.stringify(headers)).not.toContain(plane.token().split('.')[2]);
      });

      it.each(BOTH)('lets no secret of a prompt out, %s', async (_name, isStream) => {
        const before = plane.provider.seen.length;
        const { status, text } = await ask(speaker, isStream, { text: `mine is ${SECRET}` });
        expect(status).toBe(403);
        expect(text).not.toContain(SECRET);
        expect(speaker.message(JSON.parse(text))).toContain('Behavry');
        expect(plane.provider.seen).toHaveLength(before);
      });

      it.each(BOTH)('asks before the provider runs a tool, %s', async (_name, isStream) => {
        const before = plane.provider.seen.length;
        const { status, decision } = await ask(speaker, isStream, { more: speaker.hosted.member });
        expect(status).toBe(403);
        expect(plane.provider.seen).toHaveLength(before);
        expect(await plane.record(decision)).toMatchObject({
          tool: `hosted:${speaker.hosted.type}`,
          provider,
          verdict: 'deny',
        });
      });

      it.each(BOTH)('refuses a member that nobody knows, %s', async (_name, isStream) => {
        const before = plane.provider.seen.length;
        const { status, text } = await ask(speaker, isStream, { more: { run_at_once: true } });
        expect(status).toBe(400);
        expect(speaker.message(JSON.parse(text))).toContain('run_at_once');
        expect(plane.provider.seen).toHaveLength(before);
      });

      it.each(BOTH)('gives no part of a denied call to the agent, %s', async (_name, isStream) => {
        const model = say(speaker, isStream, ['Let me', ' look.'], WIPE);
        const { status, text, isBroken, decision } = await ask(speaker, isStream, { model });
        expect(text).not.toMatch(/delete_everything|Oslo/);
        expect({ status, isBroken }).toEqual(
          isStream ? { status: 200, isBroken: true } : { status: 403, isBroken: false },
        );
        if (isStream) expect(text).toContain('look.');
        const record = await plane.record(decision);
        const own = plane.entries.filter((entry) => JSON.stringify(entry).includes(WIPE.name));
        expect(own.at(-1)).toMatchObject({ tool: WIPE.name, verdict: 'deny', provider: null });
        expect(record).toMatchObject({ outcome: 'refused' });
      });

      it.each(BOTH)('gives no secret of an answer to the agent, %s', async (_name, isStream) => {
        const { text, isBroken } = await ask(speaker, isStream, { model: say(speaker, isStream, HALVES) });
        expect(text).not.toMatch(/AKIA|7EXAMPLE/);
        expect(isBroken).toBe(isStream);
      });

      it.each(BOTH)('takes a secret out where policy wants that, %s', async (_name, isStream) => {
        plane.provider.say(
          'redacted',
          isStream
            ? { raw: speaker.stream(HALVES), headers: { 'content-type': speaker.streamType } }
            : { raw: speaker.whole(HALVES) },
        );
        const { text, isBroken } = await ask(speaker, isStream, { model: 'redacted' });
        expect(text).not.toMatch(/AKIA|7EXAMPLE/);
        expect(text).toContain('[REDACTED:');
        expect(isBroken).toBe(false);
      });

      it('judges a whole answer where a stream was asked for, whatever its status of success', async () => {
        for (const status of [200, 201, 206]) {
          plane.provider.say('told', { status, raw: speaker.whole(['x'], WIPE) });
          const got = await ask(speaker, true, { model: 'told' });
          // A whole answer of Ollama's is a stream of one line.
          expect(provider === 'ollama' ? got.isBroken : got.status === 403).toBe(true);
          expect(got.text).not.toContain('Oslo');
        }
      });

      it('does not take an error inside a stream, or what is no answer, for one', async () => {
        const error = provider === 'ollama' ? '{"error":"overloaded"}\n' : 'data: {"error":{"code":1}}\n\n';
        for (const raw of [error, 'data: <html>\n\n', '{"x":\n']) {
          const headers = { 'content-type': speaker.streamType };
          plane.provider.say('told', { raw, headers });
          expect(await ask(speaker, true, { model: 'told' })).toMatchObject({ isBroken: true });
        }
        plane.provider.say('told', { raw: '{"ok":true}' });
        expect(await ask(speaker, false, { model: 'told' })).toMatchObject({ status: 502 });
      });

      it('does not close a stream that broke off as if it were whole', async () => {
        const raw = speaker.stream(['Let me', ' look.']).slice(0, -20);
        const headers = { 'content-type': speaker.streamType };
        plane.provider.say('told', { raw, headers, ending: 'cut' });
        const { isBroken, decision } = await ask(speaker, true, { model: 'told' });
        expect(isBroken).toBe(true);
        expect(await plane.record(decision)).toMatchObject({ outcome: 'upstream_error' });
      });

      it("keeps the plane's key back, whatever an answer says", async () => {
        for (const status of [200, 400, 500]) {
          plane.provider.say('told', {
            status,
            raw: JSON.stringify({ error: { message: `bad ${PLANE_KEY}` } }),
          });
          const { text } = await ask(speaker, false, { model: 'told' });
          expect(text).not.toContain(PLANE_KEY);
        }
      });

      it("tells a provider's own refusal as it is", async () => {
        plane.provider.say('told', {
          status: 429,
          raw: '{"error":{"message":"slow down"}}',
          headers: { 'retry-after': '7' },
        });
        for (const isStream of [false, true]) {
          const { status, text } = await ask(speaker, isStream, { model: 'told' });
          expect({ status, text }).toEqual({ status: 429, text: '{"error":{"message":"slow down"}}' });
        }
      });

      it('speaks no other protocol on the same connection', async () => {
        const before = plane.provider.seen.length;
        const { hostname, port } = new URL(plane.proxy.url);
        const socket = connect(Number(port), hostname);
        socket.write(
          `GET /api/v1/${provider}/v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
            `authorization: Bearer ${plane.token()}\r\n\r\n`,
        );
        const [answer] = (await once(socket, 'data')) as [Buffer];
        socket.destroy();
        expect(answer.toString('utf8')).toMatch(/^HTTP\/1\.1 403 /);
        expect(plane.provider.seen).toHaveLength(before);
      });
    },
  );

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
