// Budgets of tokens and money: what they let through, what they say, and to whom they are of no concern.
import type { ModelBudget } from '@behavry/contracts';
import { describeWithOpa, eventually } from '@behavry/testing';
import OpenAI from 'openai';
import { BudgetPlane, reservedFor, USED } from './budget-plane';
import { CANARY, decisionOf, failure, type LlmPlane } from './llm-plane';
import { SPEAKERS } from './speakers';

const SHORT = { max_tokens: 8 };

describeWithOpa('budgets', () => {
  let budgets: BudgetPlane;
  let plane: LlmPlane;

  beforeAll(async () => {
    budgets = await BudgetPlane.start();
    ({ plane } = budgets);
  }, 120_000);
  afterAll(() => budgets.stop());
  beforeEach(() => budgets.forget());

  /** Asks with the official client as it comes, retries and all. */
  const create = (model: string, more: object = SHORT) =>
    plane.client().withOptions({ maxRetries: 2 }).chat.completions.create(plane.ask(model, more));

  /** @returns the header, once the call is over and counted */
  async function ask(model = 'priced', more: object = SHORT): Promise<string | null> {
    const { response } = await create(model, more).withResponse();
    await plane.record(response.headers.get('x-behavry-decision'));
    return response.headers.get('x-behavry-budget');
  }

  const spent = (start: string, amount: number): Promise<void> =>
    eventually(async () => {
      expect(await budgets.counted(start)).toEqual({ spent: amount, held: 0 });
    });

  const SCOPES = ['agent', 'owner', 'tenant'] as const;
  const PERIODS = ['day', 'month'] as const;
  const EACH = SCOPES.flatMap((scope) => PERIODS.map((period) => [scope, period] as const));

  it.each(EACH)('of tokens end calls that may use more than is left: %s, %s', async (scope, period) => {
    await budgets.set([{ scope, period, tokens: 1_000 }]);
    expect(await ask()).toBeNull();
    await spent(`tokens:${scope}`, USED);
    await budgets.use(`tokens:${scope}`, 1_000 - USED - reservedFor('priced', 8));
    expect(await ask()).toContain(`tokens;scope=${scope};period=${period};used=1000;limit=1000;hard`);
    await budgets.use(`tokens:${scope}`, reservedFor('priced', 8) - USED - 5);
    const refused = (): number =>
      plane.entries.filter((entry) => entry.type === 'outcome' && entry.error === 'budget_exceeded').length;
    const [before, refusedBefore] = [plane.provider.seen.length, refused()];
    const error = await failure(create('priced'));
    expect(plane.provider.seen).toHaveLength(before);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ status: 429, code: 'budget_exceeded' });
    expect(error.headers?.get('x-should-retry')).toBe('false');
    expect(error.headers?.get('retry-after')).toBeNull();
    expect(error.message).toContain(`for the ${period} has less left than this call may use`);
    expect(error.message).toMatch(/begins anew at \d{4}-\d\d-\d\dT00:00Z$/);
    expect(await plane.record(decisionOf(error))).toMatchObject({
      ...{ outcome: 'refused', error: 'budget_exceeded', response_code: 429 },
    });
    // The SDK did not try again, and nothing is held.
    expect(refused()).toBe(refusedBefore + 1);
    await spent(`tokens:${scope}`, 995);
    await budgets.use(`tokens:${scope}`, 5);
    expect((await failure(create('priced'))).message).toContain(`for the ${period} is used up`);
  });

  it.each(EACH)('of money count what calls cost: %s, %s', async (scope, period) => {
    await budgets.set([{ scope, period, money: 0.05 }]);
    await ask();
    // A thousandth of a dollar each.
    await spent(`microusd:${scope}`, USED * 1_000);
    await budgets.use(`microusd:${scope}`, 50_000 - USED * 1_000 - reservedFor('priced', 8) * 1_000 + 1);
    const error = await failure(create('priced'));
    expect(error).toMatchObject({ status: 429, code: 'budget_exceeded' });
    expect(error.message).toContain('the budget of money');
  });

  it('count for each agent by itself, or for one alone', async () => {
    const other = { scope: 'agent', id: '019a0000-0000-7000-8000-0000000000ff', tokens: 1 } as const;
    await budgets.set([other, { scope: 'owner', id: 'Bob', tokens: 1 }]);
    await ask();
    await spent('tokens', 0);
    await budgets.set([{ scope: 'owner', tokens: 1 }], {}, null);
    await ask();
    await spent('tokens', 0);
    await budgets.set([{ scope: 'owner', id: 'Alice', tokens: 1 }]);
    await failure(create('priced'));
  });

  it('may be many at once: all hold or nothing is reserved, and the soft ones only tell', async () => {
    const soft: Partial<ModelBudget>[] = [
      { hard: false, tokens: 20, money: 0.01 },
      { scope: 'tenant', period: 'month', hard: false, tokens: 1_000_000 },
    ];
    await budgets.set([...soft, { scope: 'tenant', tokens: 200 }]);
    const reserved = reservedFor('priced', 8);
    expect(await ask()).toBe(
      `tokens;scope=agent;period=day;used=${String(reserved)};limit=20;over, ` +
        `microusd;scope=agent;period=day;used=${String(reserved * 1_000)};limit=10000;over`,
    );
    await spent('tokens:agent', USED);
    await failure(create('priced', { max_tokens: 200 }));
    await spent('tokens:agent', USED);
    await spent('tokens:tenant', 2 * USED);
    const metrics = await plane.proxy.context.metrics.metrics();
    const sample = (labels: string): string => `behavry_llm_proxy_budget_calls_total{${labels}}`;
    expect(metrics).toContain(`${sample('scope="agent",period="day",unit="microusd",event="over"')} 1`);
    expect(metrics).toMatch(/scope="tenant",period="day",unit="tokens",event="refused"\} [1-9]/);
    expect(metrics).toContain('behavry_llm_proxy_budgets_shared 1');
  });

  it.each(SPEAKERS.map((speaker) => [speaker.provider, speaker] as const))(
    'refuse in the envelope of their provider, whole and streamed: %s',
    async (provider, speaker) => {
      await budgets.set([{ tokens: 1 }]);
      for (const isStream of [false, true]) {
        const path = `${provider}${speaker.path('gpt', isStream)}`;
        const response = await plane.post(JSON.stringify(speaker.body('gpt', 'hello', isStream)), {}, path);
        expect(response.status).toBe(429);
        expect(response.headers.get('x-should-retry')).toBe('false');
        expect(speaker.message(await response.json())).toContain('the budget of tokens of this agent');
      }
      expect(plane.provider.seen).toEqual([]);
    },
  );

  it('of money that are hard let nothing through whose price nobody knows; soft ones and tokens do', async () => {
    await budgets.set([{ money: 1_000, tokens: 100_000 }]);
    const error = await failure(create('nameless'));
    expect(error).toMatchObject({ status: 403, code: 'model_denied' });
    expect(error.message).toContain('nobody knows the price of this model');
    expect(plane.provider.seen).toEqual([]);
    await spent('', 0);
    await budgets.set([{ money: 1_000, hard: false }, { tokens: 100_000 }]);
    await ask('nameless');
    await spent('tokens', USED);
    await spent('microusd', 0);
  });

  it("count tokens of an agent's own key, and not its money", async () => {
    await budgets.set([{ money: 0.000001, tokens: 100_000 }]);
    const body = JSON.stringify(plane.ask('nameless', SHORT));
    const own = await plane.post(body, { 'x-openai-key': 'sk-own-of-the-agent' });
    expect(own.status).toBe(200);
    await spent('tokens', USED);
    await spent('microusd', 0);
  });

  it('count the money of a key that no address asks for: it pays nothing', async () => {
    await budgets.set([{ money: 0.000001 }], {
      providers: [
        {
          ...{ id: 'open', kind: 'openai', base_url: 'http://127.0.0.1:9/v1', auth_header: null },
          ...{ key: null, weight: 1, usage_in_stream: true },
        },
      ],
    });
    const body = JSON.stringify(plane.ask('nameless', SHORT));
    expect((await plane.post(body, { 'x-openai-key': 'sk-made-up' })).status).toBe(403);
    expect(plane.provider.seen).toEqual([]);
  });

  it('are of no concern to what costs nothing', async () => {
    await budgets.set([{ tokens: 1, money: 0.000001 }]);
    const free: readonly [string, string, object | undefined, object][] = [
      ['openai/v1/models', '', undefined, { data: [] }],
      ['openai/v1/moderations', 'omni', { model: 'omni', input: 'x' }, { results: [] }],
      [
        'anthropic/v1/messages/count_tokens',
        'c',
        { model: 'c', messages: [{ role: 'user', content: 'x' }] },
        { input_tokens: 4 },
      ],
      [
        'gemini/v1beta/models/g:countTokens',
        'g',
        { contents: [{ parts: [{ text: 'x' }] }] },
        { totalTokens: 4 },
      ],
      ['ollama/api/show', 's', { model: 's' }, { details: {} }],
    ];
    for (const [path, model, body, said] of free) {
      plane.provider.say(model, { raw: JSON.stringify(said) });
      const response = body
        ? await plane.post(JSON.stringify(body), {}, path)
        : await fetch(`${plane.proxy.url}/api/v1/${path}`, {
            headers: { authorization: `Bearer ${plane.token()}` },
          });
      expect([path, response.status]).toEqual([path, 200]);
    }
    await spent('', 0);
  });

  it('are asked before anything leaves and after everything else was decided', async () => {
    await budgets.set([{ tokens: 100_000 }]);
    expect((await failure(create('forbidden'))).status).toBe(403);
    const hosted = { ...SHORT, tools: [{ type: 'web_search_preview' }] };
    expect((await failure(create('priced', hosted))).status).toBe(403);
    await spent('', 0);
    expect(await budgets.counted('')).toEqual({ spent: 0, held: 0 });
  });

  it.each([
    ['nothing', {}, 4_096],
    ['less than one', { max_tokens: -1 }, 4_096],
    ['a fraction', { max_tokens: 9_000.5 }, 9_001],
    ['two different lengths', { max_tokens: 1, max_completion_tokens: 7_000 }, 7_000],
    ['several answers', { max_tokens: 1_000, n: 6 }, 6_000],
    ['more than any model writes', { max_tokens: 9e15 }, 200_000],
  ])('hold back the most that an answer may have: %s', async (_name, more, most) => {
    const limit = reservedFor('priced', most, Object.keys(more).join(''));
    await budgets.set([{ tokens: limit - 1 }]);
    await failure(create('priced', more));
    await budgets.set([{ tokens: limit }]);
    await ask('priced', more);
    await spent('tokens', USED);
  });

  it('reckon with the texts of a large request, and not with each character of a picture', async () => {
    const text = 'some words '.repeat(20_000);
    const picture = { type: 'input_audio', input_audio: { data: 'A'.repeat(400_000), format: 'wav' } };
    await budgets.set([{ tokens: 50_000 }]);
    const messages = (content: unknown): object => ({ ...SHORT, messages: [{ role: 'user', content }] });
    expect((await failure(create('priced', messages(text)))).code).toBe('budget_exceeded');
    await ask('priced', messages([picture]));
    await budgets.set([{ tokens: 60_000 }]);
    await ask('priced', messages(text));
    await spent('tokens', 2 * USED);
    expect(plane.provider.seen.some(({ text: sent }) => sent.includes(CANARY))).toBe(false);
  });
});
