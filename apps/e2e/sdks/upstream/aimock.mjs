import { LLMock } from '@copilotkit/aimock';

// In the words of each provider.
const usage = {
  prompt_tokens: 7,
  completion_tokens: 5,
  total_tokens: 12,
  input_tokens: 7,
  output_tokens: 5,
  promptTokenCount: 7,
  candidatesTokenCount: 5,
  totalTokenCount: 12,
};

/** @returns a started mock that answers a text, a harmless tool call or one that policy denies, as its model is named */
export async function startAimock() {
  const mock = new LLMock({ port: 0, host: '127.0.0.1', chunkSize: 4, logLevel: 'silent' });
  const call = (name, args) => ({ toolCalls: [{ name, arguments: JSON.stringify(args) }], usage });
  mock.on({ model: /^plain\./ }, { content: 'Hello there, agent!', usage });
  mock.on({ model: /^tools\./ }, call('get_weather', { city: 'Oslo' }));
  mock.on({ model: /^danger\./ }, call('wipe_disk', { volume: 'everything' }));
  await mock.start();
  return mock;
}
