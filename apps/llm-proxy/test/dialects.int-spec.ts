// The same attacks in all four dialects: what must not leave is looked for at the provider, what must not come at the agent.
import { connect } from 'node:net';
import { once } from 'node:events';
import { describeWithOpa } from '@behavry/testing';
import { LlmPlane, PLANE_KEY } from './llm-plane';
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
});
