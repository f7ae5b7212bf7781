// What a tenant says of models: which may be used, which are seen, what they cost.
import type { ModelSettings } from '@behavry/contracts';
import { MODEL_SETTINGS_DEFAULTS } from '@behavry/contracts';
import { describeWithOpa } from '@behavry/testing';
import { LlmPlane } from './llm-plane';
import { SPEAKERS, type Speaker } from './speakers';

describeWithOpa('models of a tenant', () => {
  let plane: LlmPlane;

  beforeAll(async () => {
    plane = await LlmPlane.start();
  }, 120_000);
  afterAll(() => plane.stop());

  const set = (settings: Partial<ModelSettings>): Promise<void> =>
    plane.configure({ model_settings: { ...MODEL_SETTINGS_DEFAULTS, ...settings } });

  async function ask(speaker: Speaker, model: string, isStream = false) {
    const path = `${speaker.provider}${speaker.path(model, isStream)}`;
    const response = await plane.post(JSON.stringify(speaker.body(model, 'hello', isStream)), {}, path);
    const text = await response.text();
    return { status: response.status, text, decision: response.headers.get('x-behavry-decision') };
  }

  async function list(path: string): Promise<unknown> {
    const url = `${plane.proxy.url}/api/v1/${path}`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${plane.token()}` } });
    expect(response.status).toBe(200);
    return response.json();
  }

  it.each(SPEAKERS.map((speaker) => [speaker.provider, speaker] as const))(
    'may be forbidden, and nothing of the request leaves: %s',
    async (provider, speaker) => {
      plane.provider.say('free', { raw: speaker.whole(['x']) });
      await set({ models: { allow: [], deny: [`${provider}/for*`] } });
      const before = plane.provider.seen.length;
      for (const model of ['forty', 'FORTY']) {
        const { status, text, decision } = await ask(speaker, model);
        expect(status).toBe(403);
        expect(text).toContain('this model may not be used here');
        expect(await plane.record(decision)).toMatchObject({ reason_code: 'model_denied', model, provider });
      }
      expect(plane.provider.seen).toHaveLength(before);
      expect((await ask(speaker, 'free')).status).toBe(200);
      await set({ models: { allow: ['other/*', 'named'], deny: [] } });
      expect((await ask(speaker, 'free')).status).toBe(403);
      await set({});
    },
  );

  const LONG = 'x'.repeat(20_000);
  it.each([
    ['openai/v1/models', { data: [{ id: 'seen' }, { id: 'hidden-1' }, { id: 'killed' }], note: '' }, 'data'],
    [
      'openai/v1/models',
      { data: [{ id: 'seen' }, { id: 'hidden-1' }, { id: 'killed' }], note: LONG },
      'data',
    ],
    ['anthropic/v1/models', { data: [{ id: 'hidden-1' }, { id: 'seen' }, { id: 'killed' }] }, 'data'],
    [
      'gemini/v1beta/models',
      { models: [{ name: 'models/seen' }, { name: 'models/hidden-1' }, { name: 'models/killed' }] },
      'models',
    ],
    [
      'ollama/api/tags',
      { models: [{ name: 'seen' }, { name: 'x', model: 'hidden-1' }, { name: 'killed' }] },
      'models',
    ],
    ['ollama/api/ps', { models: [{ name: 'seen' }, { name: 'hidden-1' }] }, 'models'],
    ['ollama/v1/models', { data: [{ id: 'seen' }, { id: 'hidden-1' }] }, 'data'],
  ])('are listed as far as they may be used: %s', async (path, answer, member) => {
    plane.provider.say('', { raw: JSON.stringify(answer) });
    await plane.configure({
      kill_switches: [{ id: 'k1', scope: 'model', target: 'killed', reason: 'test' }],
      model_settings: { ...MODEL_SETTINGS_DEFAULTS, models: { allow: [], deny: ['hidden-*'] } },
    });
    const got = (await list(path)) as Record<string, readonly Record<string, string>[]>;
    expect(got[member]?.map(({ id, name }) => (id ?? name ?? '').replace('models/', ''))).toEqual(['seen']);
    expect({ ...got, [member]: null }).toEqual({ ...answer, [member]: null });
    await plane.configure({ kill_switches: [], model_settings: MODEL_SETTINGS_DEFAULTS });
    expect(await list(path)).toEqual(answer);
  });

  it('leave members that nobody knows to policy, where the tenant wants that', async () => {
    const [openai] = SPEAKERS;
    const body = JSON.stringify(openai!.body('plain', 'hello', false, { next_year: 1 }));
    const refused = await plane.post(body);
    expect(refused.status).toBe(400);
    await refused.text();
    await set({ unknown_members: 'decide' });
    const decided = await plane.post(body);
    expect(decided.status).toBe(403);
    expect(await plane.record(decided.headers.get('x-behavry-decision'))).toMatchObject({
      tool: 'hosted:unknown_members',
      verdict: 'deny',
    });
    await set({});
  });

  const PRICE = { input: 1, output: 100, currency: 'USD', as_of: '2026-01-01', source: 'test' } as const;

  it.each([
    ['whole', false],
    ['streamed', true],
  ])('cost what their price says, and nothing known without one: %s', async (_name, isStream) => {
    const [openai] = SPEAKERS;
    if (!openai) throw new Error('no speaker');
    await set({ prices: [{ ...PRICE, provider: 'openai', model: 'priced*' }] });
    const record = async (model: string): Promise<unknown> => {
      const { decision } = await ask(openai, model, isStream);
      return (await plane.record(decision))['extra'];
    };
    // The provider counts 7 tokens of the prompt and 5 of the answer.
    expect(await record('priced-1')).toMatchObject({ cost_microusd: 507 });
    expect(await record('nameless')).not.toHaveProperty('cost_microusd');
    await set({});
  });

  it('are noted when another one answers than was asked, and cost what that one does', async () => {
    await set({ prices: [{ ...PRICE, provider: 'openai', model: 'dear' }] });
    const usage = { prompt_tokens: 1, completion_tokens: 1 };
    const message = { role: 'assistant', content: 'x' };
    const raw = JSON.stringify({ model: 'dear', usage, choices: [{ index: 0, message }] });
    plane.provider.say('alias', { raw });
    const { decision } = await ask(SPEAKERS[0]!, 'alias');
    expect(await plane.record(decision)).toMatchObject({
      model: 'alias',
      extra: { answered_model: 'dear', cost_microusd: 101 },
    });
    await set({});
  });
});
