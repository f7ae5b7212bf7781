import type OpenAI from 'openai';
import { describeWithOpa, eventually } from '@behavry/testing';
import { CANARY, failure, LlmPlane } from './llm-plane';

const SECRET = `ghp_${'a1B2'.repeat(9)}`;
const MAIL = 'someone@example.com';
/** Above the bound from which bodies are read in a thread, and not only in ASCII. */
const BULK = 'Plain words, é. '.repeat(20_000);

describeWithOpa('through the llm-proxy', () => {
  let plane: LlmPlane;
  let client: OpenAI;

  beforeAll(async () => {
    plane = await LlmPlane.start({ streamsPerAgent: 2 });
    client = plane.client();
    plane.provider.say('hang', { ending: 'hang' });
    plane.provider.say('cut', { ending: 'cut' });
    plane.provider.say('bulk', { texts: [BULK] });
    plane.provider.say('secret', { texts: [BULK, SECRET] });
    plane.provider.say('redacted', { texts: [`Back: ${MAIL} `, BULK] });
    const call = { id: 'c', type: 'function', function: { name: 'delete_everything', arguments: '{}' } };
    plane.provider.say('danger', { message: { role: 'assistant', content: BULK, tool_calls: [call] } });
  }, 120_000);
  afterAll(() => plane.stop());

  describe('a large body', () => {
    const idOf = ({ headers }: Response): string | null => headers.get('x-behavry-decision');
    const body = (model: string, text = '', more: object = {}): string =>
      JSON.stringify({ model, messages: [{ role: 'user', content: `${CANARY} ${BULK}${text}` }], ...more });

    it('goes on byte for byte and is recorded as a small one', async () => {
      const sent = ` { "messages":[{"role":"user","content":"\\u00e9 ${BULK}"}], "model":"gpt","metadata":{"a":[1.50,true]} } `;
      const response = await plane.post(sent);
      expect(response.status).toBe(200);
      expect(plane.provider.seen.at(-1)?.text).toBe(sent);
      expect(await plane.record(idOf(response))).toMatchObject({
        tool: 'chat',
        model: 'gpt',
        target: { class: 'model', shown: 'gpt' },
        verdict: 'allow',
        outcome: 'ok',
        bytes_up: Buffer.byteLength(sent),
        tokens: { prompt: 7, completion: 5, total: 12 },
        extra: { endpoint: 'POST /v1/chat/completions', stream: false, key_source: 'plane' },
      });
    });

    it('of a stream asks for its token counts, which the agent is not shown', async () => {
      const { text, id } = await plane.streamed('gpt', { messages: [{ role: 'user', content: BULK }] });
      expect(text).toBe('Hello there!');
      expect(JSON.parse(plane.provider.seen.at(-1)?.text ?? '')).toMatchObject({
        stream_options: { include_usage: true },
        messages: [{ content: BULK }],
      });
      expect(await plane.record(id)).toMatchObject({ tokens: { total: 12 }, extra: { stream: true } });
    });

    it('with a secret does not leave', async () => {
      const before = plane.provider.seen.length;
      const response = await plane.post(body('gpt', SECRET));
      expect(response.status).toBe(403);
      expect(plane.provider.seen).toHaveLength(before);
      expect(await plane.record(idOf(response))).toMatchObject({
        verdict: 'deny',
        reason_code: 'dlp_blocked',
        dlp_action: 'blocked',
        dlp_findings: [{ pattern: 'github_token', field: '/messages/0/content' }],
      });
    });

    it('of nobody is thrown away as it comes, and the refusal arrives', async () => {
      const stranger = { authorization: 'Bearer x' };
      for (let attempt = 0; attempt < 10; attempt += 1)
        expect((await plane.post('x'.repeat(12 * 1024 * 1024), stranger)).status).toBe(401);
    });

    it('is judged by its outline, as a small one', async () => {
      const part = {
        type: 'image_url',
        image_url: { url: `data:image/png;base64,${'QUJD'.repeat(40_000)}` },
      };
      const response = await plane.post(body('gpt', '', { messages: [{ role: 'user', content: [part] }] }));
      expect(response.status).toBe(403);
      expect(await plane.record(idOf(response))).toMatchObject({ reason_code: 'policy_deny' });
    });

    it.each([
      ['a member twice', `{"model":"gpt","model":"gpt","messages":[],"x":"${BULK}"}`],
      ['no list of messages', `{"model":"gpt","x":"${BULK}"}`],
    ])('with %s is not understood', async (_what, sent) => {
      const response = await plane.post(sent);
      expect(response.status).toBe(400);
      expect(await plane.record(idOf(response))).toMatchObject({ reason_code: 'request_malformed' });
    });

    it('with more settings of the tools of a provider than anybody judges is refused', async () => {
      const response = await plane.post(body('gpt', '', { tools: [{ type: 'web_search', filter: BULK }] }));
      expect(await plane.record(idOf(response))).toMatchObject({ reason_code: 'input_too_large' });
    });

    it('loses both ways what policy wants taken out', async () => {
      const response = await plane.post(body('redacted', ` Write to ${MAIL}.`));
      const sent = plane.provider.seen.at(-1)?.text ?? '';
      expect(sent).toContain(BULK);
      expect(sent).not.toContain(MAIL);
      const answer = await response.text();
      expect(answer).toContain(BULK);
      expect(answer).not.toContain(MAIL);
      expect(await plane.record(idOf(response))).toMatchObject({
        verdict: 'restrict',
        dlp_action: 'redacted',
      });
    });

    it('that comes back reaches the agent as it came', async () => {
      const response = await plane.post(JSON.stringify(plane.ask('bulk')));
      const answer = (await response.json()) as { readonly choices: unknown };
      expect(answer.choices).toMatchObject([{ message: { content: BULK } }]);
      expect(await plane.record(idOf(response))).toMatchObject({ outcome: 'ok', tokens: { total: 12 } });
    });

    it.each([
      ['a secret', 'secret', 'dlp_inbound_blocked'],
      ['a call that no policy allows', 'danger', 'no_matching_rule'],
    ])('that comes back with %s is withheld', async (_what, model, reasonCode) => {
      const response = await plane.post(JSON.stringify(plane.ask(model)));
      expect(response.status).toBe(403);
      const answer = await response.text();
      expect(answer).toContain(reasonCode);
      expect(answer).not.toContain(SECRET);
    });
  });

  describe('a stream', () => {
    it('streams, counts the tokens, and hides the count when nobody asked for it', async () => {
      const { text, chunks, id } = await plane.streamed('gpt');
      expect(text).toBe('Hello there!');
      expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true);
      expect(plane.provider.seen.at(-1)?.text).toContain('"stream_options":{"include_usage":true}');
      expect(await plane.record(id)).toMatchObject({
        outcome: 'ok',
        tokens: { prompt: 7, completion: 5, total: 12 },
        extra: { stream: true },
      });
      const asked = await plane.streamed('gpt', { stream_options: { include_usage: true } });
      expect(asked.chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 12 } });
    });

    it('passes a stream on before it is complete, ends it and records an abort when the client goes away', async () => {
      const abort = new AbortController();
      const { data, response } = await client.chat.completions
        .create({ ...plane.ask('hang'), stream: true }, { signal: abort.signal })
        .withResponse();
      const first = await data[Symbol.asyncIterator]().next();
      expect(first.value).toMatchObject({ choices: [{ delta: { role: 'assistant' } }] });
      expect(plane.provider.seen.at(-1)).toMatchObject({ isAborted: false });
      abort.abort();
      expect(await plane.record(response.headers.get('x-behavry-decision'))).toMatchObject({
        outcome: 'aborted',
        error: 'client_aborted',
      });
      await eventually(() => {
        expect(plane.provider.seen.at(-1)).toMatchObject({ isAborted: true });
      });
    });

    it('ends a plain upstream too when the client goes away', async () => {
      const abort = new AbortController();
      const before = plane.provider.seen.length;
      const pending = client.chat.completions
        .create(plane.ask('hang'), { signal: abort.signal })
        .catch(() => undefined);
      await eventually(() => {
        expect(plane.provider.seen.length).toBe(before + 1);
      });
      abort.abort();
      await pending;
      await eventually(() => {
        expect(plane.provider.seen.at(-1)).toMatchObject({ isAborted: true });
      });
    });

    it('tells a broken upstream as an error in the stream, never as its end', async () => {
      expect(await failure(plane.streamed('cut'))).toMatchObject({ code: 'upstream_error' });
    });

    it.each([
      ['tenant', '*'],
      ['model', 'hang'],
    ] as const)('ends an open stream when a kill switch of a %s is thrown', async (scope, target) => {
      const { data, response } = await client.chat.completions
        .create({ ...plane.ask('hang'), stream: true })
        .withResponse();
      let thrown: Promise<void> | undefined;
      const error = await failure(
        (async () => {
          // Read on meanwhile: a client that does not loses the last word with the connection.
          for await (const { choices } of data) {
            if (choices.length > 0)
              thrown ??= plane.configure({ kill_switches: [{ id: 'k', scope, target, reason: 'test' }] });
          }
        })(),
      ).finally(async () => {
        await thrown;
        await plane.configure({ kill_switches: [] });
      });
      expect(error).toMatchObject({ code: 'kill_switch' });
      expect(await plane.record(response.headers.get('x-behavry-decision'))).toMatchObject({
        outcome: 'aborted',
        error: 'kill_switch',
      });
    });

    it('carries a long stream to a client that reads slowly', async () => {
      const texts = Array.from({ length: 400 }, (_, index) => `word${String(index)} `);
      plane.provider.say('long', { texts });
      expect((await plane.streamed('long')).text).toBe(texts.join(''));
    });

    it('limits the streams that one agent keeps open, and takes another when one is over', async () => {
      const aborts = [new AbortController(), new AbortController()];
      const open = (signal?: AbortSignal): Promise<unknown> =>
        client.chat.completions.create({ ...plane.ask('hang'), stream: true }, signal ? { signal } : {});
      for (const { signal } of aborts) await open(signal);
      const error = await failure(open());
      expect(error).toMatchObject({ status: 429, code: 'concurrency_limited' });
      expect(error.headers?.get('retry-after')).toBe('1');
      expect(await client.chat.completions.create(plane.ask('gpt'))).toMatchObject({ choices: [{}] });
      aborts[0]?.abort();
      await eventually(async () => {
        expect((await plane.streamed('gpt')).text).toBe('Hello there!');
      });
      aborts[1]?.abort();
    });
  });
});
