// What budgets count of a call, however it ends: what was told, else what can be reckoned, and nothing for nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithOpa, eventually } from '@behavry/testing';
import { BudgetPlane, reservedFor, USED } from './budget-plane';
import { errorBody } from './provider-plane';
import type { LlmPlane } from './llm-plane';

const WRITTEN = 'x'.repeat(400);

describeWithOpa('what budgets count', () => {
  let budgets: BudgetPlane;
  let plane: LlmPlane;

  beforeAll(async () => {
    budgets = await BudgetPlane.start();
    ({ plane } = budgets);
  }, 120_000);
  afterAll(() => budgets.stop());
  beforeEach(async () => {
    await budgets.forget();
    await budgets.set([{ tokens: 1_000_000 }, { money: 1_000, hard: false }]);
  });

  const counted = (amount: number): Promise<void> =>
    eventually(async () => {
      expect(await budgets.counted('tokens')).toEqual({ spent: amount, held: 0 });
      expect(await budgets.counted('microusd')).toEqual({ spent: amount * 1_000, held: 0 });
    });
  /** A quarter of the characters of the request. */
  const asked = (names: string, model = 'priced'): number => reservedFor(model, 0, names);
  const stream = { max_tokens: 9, stream: true };

  async function post(body: object, path?: string, signal?: AbortSignal): Promise<Response> {
    return fetch(`${plane.proxy.url}/api/v1/${path ?? 'openai/v1/chat/completions'}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${plane.token()}`, 'content-type': 'application/json' },
      ...(signal && { signal }),
    });
  }

  it('is what the provider told, whole and streamed', async () => {
    expect(await (await post(plane.ask('priced'))).text()).toContain('Hello');
    await counted(USED);
    const streamed = await post(plane.ask('priced', stream));
    expect(await streamed.text()).toContain('[DONE]');
    await counted(2 * USED);
  });

  it('is reckoned from what was sent and came where the provider tells nothing', async () => {
    const message = { role: 'assistant', content: WRITTEN };
    const raw = JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] });
    plane.provider.say('priced-silent', { raw });
    await (await post(plane.ask('priced-silent'))).text();
    const whole = asked('', 'priced-silent') + Math.ceil(raw.length / 4);
    await counted(whole);
    const chunk = (delta: object, reason: string | null): string =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`;
    plane.provider.say('priced-silent', {
      raw: `${chunk({ content: WRITTEN }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`,
      headers: { 'content-type': 'text/event-stream' },
    });
    await (await post(plane.ask('priced-silent', stream))).text();
    await counted(whole + asked('max_tokensstream', 'priced-silent') + 100);
  });

  it.each(['provider', 'agent'] as const)(
    'of a stream that breaks off is what came, also when nobody told: the %s ends it',
    async (who) => {
      const chunk = { choices: [{ index: 0, delta: { content: WRITTEN }, finish_reason: null }] };
      plane.provider.say(
        'priced-broken',
        who === 'agent'
          ? { texts: [WRITTEN, ' and more'], ending: 'hang' }
          : { raw: `data: ${JSON.stringify(chunk)}\n\n`, headers: { 'content-type': 'text/event-stream' } },
      );
      const gone = new AbortController();
      const response = await post(plane.ask('priced-broken', stream), undefined, gone.signal);
      let text = '';
      const reading = (async () => {
        for await (const bytes of response.body ?? []) {
          text += Buffer.from(bytes as Uint8Array).toString('utf8');
          if (who === 'agent' && text.includes('xxx')) gone.abort();
        }
      })();
      await expect(reading).rejects.toThrow();
      await counted(asked('max_tokensstream', 'priced-broken') + (who === 'agent' ? 103 : 100));
    },
  );

  it('of a stream that its agent breaks off is no less than what was reserved for it', async () => {
    plane.provider.say('priced-left', { texts: ['xxx', ' and more'], ending: 'hang' });
    const gone = new AbortController();
    const long = plane.ask('priced-left', { ...stream, max_tokens: 2_000 });
    const response = await post(long, undefined, gone.signal);
    const reading = (async () => {
      for await (const bytes of response.body ?? [])
        if (Buffer.from(bytes as Uint8Array).includes('xxx')) gone.abort();
    })();
    await expect(reading).rejects.toThrow();
    await counted(asked('max_tokensstream', 'priced-left') + 2_000);
  });

  it('of a stream that breaks off after the provider began to count is no less than what came', async () => {
    const { prices } = { prices: [{ provider: 'anthropic', model: 'priced*', input: 1_000, output: 1_000 }] };
    const price = { currency: 'USD', as_of: '2026-01-01', source: 'test' } as const;
    await budgets.set([{ tokens: 1_000_000 }, { money: 1_000, hard: false }], {
      prices: prices.map((each) => ({ ...each, ...price, provider: 'anthropic' as const })),
    });
    const event = (data: { readonly type: string } & Record<string, unknown>): string =>
      `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
    const usage = { input_tokens: 70, output_tokens: 1 };
    const raw = [
      event({ type: 'message_start', message: { role: 'assistant', content: [], usage } }),
      event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: WRITTEN } }),
    ].join('');
    const headers = { 'content-type': 'text/event-stream' };
    plane.provider.say('priced', { raw, headers });
    const body = { ...plane.ask('priced', stream) };
    const response = await post(body, 'anthropic/v1/messages');
    await response.text().catch(() => undefined);
    await counted(70 + 100);
    plane.provider.say('priced', {});
  });

  it('is nothing when the provider fails, or cannot be reached', async () => {
    plane.provider.say('priced-failing', { status: 500, raw: errorBody('broken') });
    expect((await post(plane.ask('priced-failing'))).status).toBe(500);
    plane.provider.say('priced-failing', { status: 400, raw: errorBody('wrong') });
    expect((await post(plane.ask('priced-failing'))).status).toBe(400);
    plane.provider.say('priced-failing', {
      status: 404,
      raw: '<html>',
      headers: { 'content-type': 'text/html' },
    });
    expect((await post(plane.ask('priced-failing'))).status).toBe(502);
    await counted(0);
  });

  it('is all that was held back when an answer was made that nobody saw', async () => {
    plane.provider.say('priced-unread', { raw: '<html>', headers: { 'content-type': 'text/html' } });
    expect((await post(plane.ask('priced-unread'))).status).toBe(502);
    const whole = reservedFor('priced-unread', 4_096, '');
    await counted(whole);
    plane.provider.say('priced-unread', { ending: 'hang' });
    const gone = new AbortController();
    const asking = post(plane.ask('priced-unread'), undefined, gone.signal);
    const before = plane.provider.seen.length;
    await eventually(() => {
      expect(plane.provider.seen.length).toBeGreaterThan(before);
    });
    await sleep(20);
    gone.abort();
    await expect(asking).rejects.toThrow();
    await counted(2 * whole);
  });

  it('of an answer that was refused is what the provider told', async () => {
    plane.provider.call('priced-call', { name: 'delete_everything', arguments: '{}' });
    expect((await post(plane.ask('priced-call'))).status).toBe(403);
    await counted(USED);
  });

  it('of vectors is what went in', async () => {
    plane.provider.say('priced-vectors', {
      raw: JSON.stringify({ data: [{ embedding: Array.from({ length: 500 }, () => 0.123456) }] }),
    });
    await (await post({ model: 'priced-vectors', input: 'y'.repeat(381) }, 'openai/v1/embeddings')).text();
    await counted(Math.ceil((381 + 'modelpriced-vectorsinput'.length) / 4));
  });

  it('has its header on a stream, too', async () => {
    await budgets.set([{ tokens: 10, hard: false }]);
    const response = await post(plane.ask('priced', stream));
    expect(response.headers.get('x-behavry-budget')).toMatch(
      /^tokens;scope=agent;period=day;used=\d+;limit=10;over$/,
    );
    await response.text();
  });
});
