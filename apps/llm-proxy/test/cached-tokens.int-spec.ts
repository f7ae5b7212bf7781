// What a provider had kept of a prompt costs less, and stands in the record.
import { MODEL_SETTINGS_DEFAULTS, type ModelPrice } from '@behavry/contracts';
import { describeWithOpa } from '@behavry/testing';
import { LlmPlane } from './llm-plane';

const MESSAGE = { role: 'assistant', content: 'x' };
const data = (...items: readonly object[]): string =>
  items.map((item) => `data: ${JSON.stringify(item)}\n\n`).join('');
const named = (...items: readonly { readonly type: string }[]): string =>
  items.map((item) => `event: ${item.type}\ndata: ${JSON.stringify(item)}\n\n`).join('');

const CHAT_USAGE = { prompt_tokens: 100, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 40 } };
const RESPONSE = {
  ...{ id: 'r1', object: 'response', status: 'completed', output: [] },
  usage: { input_tokens: 100, output_tokens: 1, input_tokens_details: { cached_tokens: 40 } },
};
const CLAUDE_USAGE = {
  ...{ input_tokens: 50, output_tokens: 1 },
  ...{ cache_read_input_tokens: 40, cache_creation_input_tokens: 10 },
};
const GEMINI = {
  candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'x' }] }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 1, cachedContentTokenCount: 40 },
};

const ASKED: readonly [path: string, body: object, said: string, isStream: boolean][] = [
  [
    'openai/v1/chat/completions',
    { messages: [] },
    JSON.stringify({ choices: [{ index: 0, message: MESSAGE }], usage: CHAT_USAGE }),
    false,
  ],
  [
    'openai/v1/chat/completions',
    { messages: [], stream: true },
    `${data({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }, { choices: [], usage: CHAT_USAGE })}data: [DONE]\n\n`,
    true,
  ],
  ['openai/v1/responses', { input: 'x' }, JSON.stringify(RESPONSE), false],
  [
    'anthropic/v1/messages',
    { max_tokens: 9, messages: [] },
    JSON.stringify({ type: 'message', content: [{ type: 'text', text: 'x' }], usage: CLAUDE_USAGE }),
    false,
  ],
  [
    'anthropic/v1/messages',
    { max_tokens: 9, messages: [], stream: true },
    named(
      { type: 'message_start', message: { content: [], usage: CLAUDE_USAGE } } as never,
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } } as never,
      { type: 'message_stop' },
    ),
    true,
  ],
  ['gemini/v1beta/models/m:generateContent', { contents: [] }, JSON.stringify(GEMINI), false],
  ['gemini/v1beta/models/m:streamGenerateContent?alt=sse', { contents: [] }, data(GEMINI), true],
];

describeWithOpa('tokens that a provider had kept', () => {
  let plane: LlmPlane;

  beforeAll(async () => {
    plane = await LlmPlane.start();
    const price = (provider: ModelPrice['provider']): ModelPrice => ({
      ...{ provider, model: 'm', input: 10, cached_input: 1, output: 100 },
      ...{ currency: 'USD', as_of: '2026-01-01', source: 'test' },
    });
    const prices = [price('openai'), price('anthropic'), price('gemini')];
    await plane.configure({ model_settings: { ...MODEL_SETTINGS_DEFAULTS, prices } });
  }, 120_000);
  afterAll(() => plane.stop());

  it.each(ASKED)('cost their own price and are told apart: %s %j', async (path, body, raw, isStream) => {
    plane.provider.say('m', { raw, ...(isStream && { headers: { 'content-type': 'text/event-stream' } }) });
    const isInPath = path.startsWith('gemini');
    const response = await plane.post(
      JSON.stringify({ ...(!isInPath && { model: 'm' }), ...body }),
      {},
      path,
    );
    await response.text();
    expect(response.status).toBe(200);
    expect(await plane.record(response.headers.get('x-behavry-decision'))).toMatchObject({
      // The counts stay what they were: all of the prompt.
      tokens: { prompt: 100, completion: 1, total: 101 },
      extra: { cached_tokens: 40, cost_microusd: 60 * 10 + 40 * 1 + 100 },
    });
  });
});
