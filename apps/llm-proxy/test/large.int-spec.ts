import { describeWithOpa } from '@behavry/testing';
import { CANARY, LlmPlane } from './llm-plane';

const SECRET = `ghp_${'a1B2'.repeat(9)}`;
const MAIL = 'someone@example.com';
/** Above the bound from which bodies are read in a thread, and not only in ASCII. */
const BULK = 'Plain words, é. '.repeat(20_000);

describeWithOpa('a large body', () => {
  let plane: LlmPlane;

  beforeAll(async () => {
    plane = await LlmPlane.start();
    plane.provider.say('bulk', { texts: [BULK] });
    plane.provider.say('secret', { texts: [BULK, SECRET] });
    plane.provider.say('redacted', { texts: [`Back: ${MAIL} `, BULK] });
    const call = { id: 'c', type: 'function', function: { name: 'delete_everything', arguments: '{}' } };
    plane.provider.say('danger', { message: { role: 'assistant', content: BULK, tool_calls: [call] } });
  }, 120_000);
  afterAll(() => plane.stop());

  const idOf = ({ headers }: Response): string | null => headers.get('x-behavry-decision');
  const body = (model: string, text = '', more: object = {}): string =>
    JSON.stringify({ model, messages: [{ role: 'user', content: `${CANARY} ${BULK}${text}` }], ...more });

  it('goes on byte for byte and is recorded as a small one', async () => {
    const sent = ` { "messages":[{"role":"user","content":"\\u00e9 ${BULK}"}], "model":"gpt","unknown_member":{"a":[1.50,true]} } `;
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

  it('is judged by its outline, as a small one', async () => {
    const part = { type: 'image_url', image_url: { url: `data:image/png;base64,${'QUJD'.repeat(40_000)}` } };
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
    expect(await plane.record(idOf(response))).toMatchObject({ verdict: 'restrict', dlp_action: 'redacted' });
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
