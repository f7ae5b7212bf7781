// Several addresses of a kind: which one is asked, and who steps in when it fails.
import { describeWithOpa, eventually } from '@behavry/testing';
import type { FakeProvider, Said } from './fake-provider';
import { PLANE_KEY, type LlmPlane } from './llm-plane';
import { errorBody, KEYS, ProviderPlane, type Asked } from './provider-plane';

describeWithOpa('addresses of providers', () => {
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

  it('are asked by their share, and the record says which one it was', async () => {
    await places.settle(places.toFirst({ weight: 0 }), places.toSecond({ weight: 100 }));
    for (let call = 0; call < 5; call += 1)
      expect(await places.ask('gpt')).toMatchObject({
        status: 200,
        extra: { upstream: 'second', key_source: 'plane' },
      });
    expect([first.seen.length, second.seen.length, plane.provider.seen.length]).toEqual([0, 5, 0]);
    expect(second.seen[0]?.url).toBe('/openai/v1/chat/completions');
    await places.settle();
    expect((await places.ask('gpt')).extra).toMatchObject({ upstream: 'plane' });
    expect(plane.provider.seen[0]?.headers.authorization).toBe(`Bearer ${PLANE_KEY}`);
  });

  it('keep to themselves what they have given: whoever goes on with it is asked alone', async () => {
    const model = 'keeper';
    const said = (id: string): Said => ({ raw: JSON.stringify({ id, status: 'completed', output: [] }) });
    first.say(model, said('resp_first'));
    second.say(model, said('resp_second'));
    await places.settle(places.toFirst(), places.toSecond());
    const respond = (id?: string): Promise<Response> =>
      plane.post(
        JSON.stringify({ model, input: 'hello', previous_response_id: id }),
        {},
        'openai/v1/responses',
      );
    const given = (await (await respond()).json()) as { readonly id: string };
    const keeper = given.id === 'resp_first' ? first : second;
    for (let call = 0; call < 6; call += 1) expect((await respond(given.id)).status).toBe(200);
    expect(keeper.seen).toHaveLength(7);
    keeper.say(model, { status: 500, raw: errorBody('broken') });
    expect((await respond(given.id)).status).toBe(500);
    expect(first.seen.length + second.seen.length).toBe(8);
  });

  it.each([
    ['500', { status: 500, raw: errorBody('broken') }],
    [
      '529 in a form that nobody reads',
      { status: 529, raw: '<html>', headers: { 'content-type': 'text/html' } },
    ],
    ['429', { status: 429, raw: errorBody('slow down'), headers: { 'retry-after': '20' } }],
    ['silence', { ending: 'hang' as const }],
  ])('step in for one that answers with %s, which is asked last from then on', async (_what, said) => {
    const model = first.say('unwell', said);
    second.say(model, {});
    await places.settle(...places.fresh());
    const asked = await places.askFirstFirst(model);
    expect(asked).toMatchObject({ status: 200, extra: { upstream: 'second', tries: 2 } });
    expect(asked.text).toContain('Hello there!');
    const bodies = new Set([...first.seen, ...second.seen].map(({ text }) => text));
    expect(bodies.size).toBe(1);
    expect(second.seen.at(-1)?.headers.authorization).toBe(`Bearer ${KEYS.second}`);
    expect(JSON.stringify(second.seen)).not.toContain(KEYS.first);
    expect(JSON.stringify(first.seen)).not.toContain(KEYS.second);
    for (let call = 0; call < 4; call += 1) {
      const { extra } = await places.ask(model);
      expect(extra).toMatchObject({ upstream: 'second' });
      expect(extra).not.toHaveProperty('tries');
    }
    expect(first.seen.length).toBe(1);
  });

  it('step in for one that is not there, for streams too', async () => {
    const nowhere = places.at(first, 'gone', { weight: 100, base_url: places.gone });
    await places.settle(nowhere, places.toSecond());
    const ids: unknown[] = [];
    for (let call = 0; call < 6; call += 1) {
      const { text, isBroken, id } = await plane.raw('gpt');
      expect([isBroken, text.includes('[DONE]')]).toEqual([false, true]);
      ids.push(((await plane.record(id))['extra'] as Asked['extra'])['upstream']);
    }
    expect(new Set(ids)).toEqual(new Set(['second']));
  });

  it('leave the last answer to the agent when none does better', async () => {
    first.say('down', { status: 500, raw: errorBody('the first') });
    second.say('down', { status: 503, raw: errorBody('the second') });
    await places.settle(...places.fresh());
    const { status, text, extra } = await places.ask('down');
    expect(extra).toMatchObject({ tries: 2 });
    expect([status, text.includes(`the ${String(extra['upstream'])}`)]).toEqual([
      extra['upstream'] === 'first' ? 500 : 503,
      true,
    ]);
    expect([first.seen.length, second.seen.length]).toEqual([1, 1]);
    const metrics = await (await fetch(`${plane.proxy.opsUrl}/metrics`)).text();
    expect(metrics).toMatch(
      /^behavry_llm_proxy_upstream_tries_total\{provider="openai",outcome="failed"\} [1-9]/m,
    );
  });

  it('are at most three a call', async () => {
    first.say('down', { status: 500, raw: errorBody('no') });
    await places.settle(
      ...['a', 'b', 'c', 'd', 'e'].map((id) => places.toFirst({ id, base_url: `${first.url}/${id}` })),
    );
    expect(await places.ask('down')).toMatchObject({ status: 500, extra: { tries: 3 } });
    expect(new Set(first.seen.map(({ url }) => url)).size).toBe(3);
  });

  it('do not step in for a request that is wrong, nor for an answer that nobody understands', async () => {
    for (const [status, raw] of [
      [400, errorBody('wrong')],
      [404, errorBody('no such model')],
      [200, '{"choices":[],"choices":[]}'],
    ] as const) {
      for (const provider of [first, second]) provider.say('wrong', { status, raw });
      await places.settle(...places.fresh());
      const asked = await places.ask('wrong');
      expect(asked.status).toBe(status === 200 ? 502 : status);
      expect(asked.extra).not.toHaveProperty('tries');
      expect(first.seen.length + second.seen.length).toBe(1);
      for (const { seen } of [first, second]) seen.length = 0;
    }
  });

  it('are never asked twice once a stream has begun', async () => {
    for (const provider of [first, second]) provider.say('cut', { ending: 'cut' });
    await places.settle(...places.fresh());
    const { isBroken, id } = await plane.raw('cut');
    expect(isBroken).toBe(true);
    expect(await plane.record(id)).toMatchObject({ outcome: 'upstream_error' });
    expect(first.seen.length + second.seen.length).toBe(1);
  });

  it('are not asked any more when the agent has gone', async () => {
    for (const provider of [first, second]) provider.say('hang', { ending: 'hang' });
    await places.settle(...places.fresh());
    const leaving = new AbortController();
    const call = fetch(`${plane.proxy.url}/api/v1/openai/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(plane.ask('hang')),
      headers: { authorization: `Bearer ${plane.token()}`, 'content-type': 'application/json' },
      signal: leaving.signal,
    });
    const asked = await eventually(() => {
      const [one] = [...first.seen, ...second.seen];
      if (!one) throw new Error('nobody was asked yet');
      return one;
    });
    leaving.abort();
    await expect(call).rejects.toThrow();
    await eventually(() => {
      expect(asked.isAborted).toBe(true);
    });
    expect(first.seen.length + second.seen.length).toBe(1);
  });
});
