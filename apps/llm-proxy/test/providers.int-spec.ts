// What a tenant says of its providers: where they may be, with which key and how they are asked.
import { describeWithOpa, eventually } from '@behavry/testing';
import type { FakeProvider } from './fake-provider';
import { PLANE_KEY, type LlmPlane } from './llm-plane';
import { errorBody, KEYS, ProviderPlane } from './provider-plane';

describeWithOpa('providers of the tenant', () => {
  let places: ProviderPlane;
  let plane: LlmPlane;
  let first: FakeProvider;
  let second: FakeProvider;

  beforeAll(async () => {
    places = await ProviderPlane.start();
    ({ plane, first, second } = places);
  }, 120_000);
  afterAll(() => places.stop());
  beforeEach(() => {
    places.forget();
  });

  it('get their key in the header that the settings name, and only where it belongs', async () => {
    await places.settle(places.toFirst({ auth_header: 'api-key' }));
    await places.ask('gpt');
    expect(first.seen[0]?.headers).toMatchObject({ 'api-key': KEYS.first });
    expect(first.seen[0]?.headers).not.toHaveProperty('authorization');
    await places.settle(places.at(second, 'bare'));
    expect((await places.ask('gpt')).extra).toMatchObject({ upstream: 'bare', key_source: 'none' });
    expect(second.seen[0]?.headers).not.toHaveProperty('authorization');
    second.seen.length = 0;
    await places.settle(places.at(second, 'thief', { key: 'env:BEHAVRY_SECRET_FIRST' }));
    const { status, text } = await places.ask('gpt');
    expect(status).toBe(502);
    expect(text).toContain('no address of this provider can be used');
    expect(second.seen).toEqual([]);
    expect(plane.proxy.log.join('\n')).toContain('BEHAVRY_SECRET_FIRST is not for');
    await places.settle(places.at(plane.provider, 'own'));
    await places.ask('gpt');
    expect(plane.provider.seen[0]?.headers.authorization).toBe(`Bearer ${PLANE_KEY}`);
    expect(plane.provider.seen[0]?.url).toBe('/openai/v1/chat/completions');
  });

  it('are passed over where the plane does not allow them, which is said once', async () => {
    const told = (): number =>
      plane.proxy.log.filter((line) => line.includes('BEHAVRY_LLM_ALLOWED_HOSTS')).length;
    const before = told();
    await places.settle(places.at(places.forbidden, 'forbidden'));
    for (let call = 0; call < 2; call += 1) {
      const { status, text } = await places.ask('gpt');
      expect([status, JSON.parse(text)]).toMatchObject([502, { error: { code: 'upstream_error' } }]);
      expect(text).toContain('none that this plane allows');
    }
    expect(told()).toBe(before + 1);
    await places.settle(
      places.at(places.forbidden, 'forbidden', { weight: 100 }),
      places.toSecond({ weight: 1 }),
    );
    const { extra } = await places.ask('gpt');
    expect(extra).toMatchObject({ upstream: 'second' });
    expect(extra).not.toHaveProperty('tries');
    expect(await places.forbidden.connections()).toBe(0);
  });

  it("get an agent's own key at one address alone", async () => {
    const model = first.say('busy', { status: 429, raw: errorBody('slow down') });
    second.say(model, {});
    await places.settle(...places.fresh());
    const own = { 'x-openai-key': 'sk-own-key' };
    for (let call = 0; call < 3; call += 1)
      expect(await places.ask(model, own)).toMatchObject({
        status: 429,
        extra: { upstream: 'first', key_source: 'request' },
      });
    expect(first.seen.map(({ headers }) => headers.authorization)).toEqual(
      Array(3).fill('Bearer sk-own-key'),
    );
    expect(second.seen).toEqual([]);
    await places.settle(places.toFirst(), places.at(plane.provider, 'own'));
    for (let call = 0; call < 3; call += 1)
      expect((await places.ask('gpt', own)).extra).toMatchObject({ upstream: 'own' });
  });

  it.each([
    ['small', 'hello'],
    ['large', 'hello '.repeat(10_000)],
  ])('are asked for tokens of streams only if they tell them: %s requests', async (_size, content) => {
    const more = { stream: true, messages: [{ role: 'user', content }] };
    await places.settle(places.toFirst({ usage_in_stream: false }));
    const plain = await places.ask('gpt', {}, more);
    expect(plain.text).toContain('[DONE]');
    expect(first.seen[0]?.text).toBe(JSON.stringify(plane.ask('gpt', more)));
    await places.settle(places.toSecond(), places.toFirst({ usage_in_stream: false, weight: 0 }));
    const counted = await places.ask('gpt', {}, more);
    expect(JSON.parse(second.seen[0]?.text ?? '')).toMatchObject({ stream_options: { include_usage: true } });
    expect(counted.text).not.toContain('total_tokens');
  });

  it('send what policy left, whether they tell the tokens of a stream or not', async () => {
    const text = 'Write to someone@example.com. '.repeat(1_000);
    const more = { stream: true, messages: [{ role: 'user', content: text }] };
    first.say('redacted', { status: 500, raw: errorBody('broken') });
    second.say('redacted', { status: 500, raw: errorBody('broken') });
    const [one, other] = places.fresh();
    await places.settle(one, { ...other, usage_in_stream: false });
    await places.ask('redacted', {}, more);
    const [asked, plain] = [first.seen[0]?.text ?? '', second.seen[0]?.text ?? ''];
    expect([asked.includes('include_usage'), plain.includes('include_usage')]).toEqual([true, false]);
    for (const sent of [asked, plain]) {
      expect(sent).toContain('[REDACTED:email_address]');
      expect(sent).not.toContain('someone@');
    }
  });

  it('are let go with the document that named them', async () => {
    await places.settle(places.toFirst(), places.toSecond());
    for (let call = 0; first.seen.length === 0; call += 1) await places.ask('gpt');
    expect(await first.connections()).toBeGreaterThan(0);
    await places.settle(places.toSecond());
    await eventually(async () => {
      expect(await first.connections()).toBe(0);
    });
    expect((await places.ask('gpt')).extra).toMatchObject({ upstream: 'second' });
  });
});
