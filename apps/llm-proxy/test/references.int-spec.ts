// What lies at a provider under the plane's key: whoever was given it may use it, and nobody else.
import { agentEntry, describeWithOpa } from '@behavry/testing';
import { AGENT, LlmPlane } from './llm-plane';

const OTHER = '019a0000-0000-7000-8000-0000000000b2';
const HELLO = [{ role: 'user', content: 'hello' }];

interface Speech {
  readonly path: string;
  /** A request that uses something of that name. */
  readonly use: (model: string, id: string | undefined, isStream: boolean) => object;
  /** An answer that gives it. */
  readonly given: (id: string) => object;
  readonly stream: (id: string) => string;
}

const event = (data: { readonly type: string }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
const OPENAI: Speech = {
  path: 'openai/v1/responses',
  use: (model, id, stream) => ({ model, input: 'hello', previous_response_id: id, stream }),
  given: (id) => ({ id, status: 'completed', output: [] }),
  stream: (id) => event({ type: 'response.completed', response: OPENAI.given(id) } as never),
};
const ANTHROPIC: Speech = {
  path: 'anthropic/v1/messages',
  use: (model, container, stream) => ({ model, max_tokens: 9, messages: HELLO, container, stream }),
  given: (id) => ({ content: [], container: { id } }),
  stream: (id) =>
    [
      event({ type: 'message_start', message: { content: [], container: { id } } } as never),
      event({ type: 'message_stop' }),
    ].join(''),
};

describeWithOpa('what a provider keeps', () => {
  let plane: LlmPlane;

  beforeAll(async () => {
    plane = await LlmPlane.start();
    await plane.configure({ agents: [agentEntry(AGENT), agentEntry(OTHER)] });
  }, 120_000);
  afterAll(() => plane.stop());

  const post = (
    agent: string,
    path: string,
    body: object,
    more: Record<string, string> = {},
  ): Promise<Response> =>
    plane.post(
      JSON.stringify(body),
      { authorization: `Bearer ${plane.proxy.issuer.agentToken(agent)}`, ...more },
      path,
    );
  const statusOf = async (...asked: Parameters<typeof post>): Promise<number> => {
    const response = await post(...asked);
    await response.text();
    return response.status;
  };

  it.each([
    ['openai, whole', OPENAI, false],
    ['openai, streamed', OPENAI, true],
    ['anthropic, whole', ANTHROPIC, false],
    ['anthropic, streamed', ANTHROPIC, true],
  ] as const)(
    'may be used by the agent that was given it, and by no other: %s',
    async (_name, speech, isStream) => {
      const id = `kept_${isStream ? 's' : 'w'}`;
      const headers = { 'content-type': 'text/event-stream' };
      plane.provider.say(
        'giver',
        isStream ? { raw: speech.stream(id), headers } : { raw: JSON.stringify(speech.given(id)) },
      );
      plane.provider.say('plain', { raw: JSON.stringify(speech.given('kept_x')) });
      const use = speech.use('plain', id, false);
      const before = plane.provider.seen.length;
      const stranger = await post(AGENT, speech.path, use);
      expect(stranger.status).toBe(403);
      expect(plane.provider.seen).toHaveLength(before);
      expect(await plane.record(stranger.headers.get('x-behavry-decision'))).toMatchObject({
        tool: 'hosted:reference',
        verdict: 'deny',
      });
      const fresh = speech.use('giver', undefined, isStream);
      expect(await statusOf(AGENT, speech.path, fresh)).toBe(200);
      expect(await statusOf(AGENT, speech.path, use)).toBe(200);
      expect(await statusOf(OTHER, speech.path, use)).toBe(403);
      // In an account of the agent's own it is the agent's own.
      const key = speech === OPENAI ? 'x-openai-key' : 'x-anthropic-key';
      expect(await statusOf(OTHER, speech.path, use, { [key]: 'sk-of-its-own' })).toBe(200);
    },
  );

  it.each([
    [
      'a file of OpenAI',
      'openai/v1/chat/completions',
      { model: 'plain', messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f1' } }] }] },
    ],
    ['a prompt', 'openai/v1/responses', { model: 'plain', prompt: { id: 'pmpt_1' } }],
    [
      'a file of Gemini',
      'gemini/v1beta/models/plain:generateContent',
      { contents: [{ parts: [{ fileData: { fileUri: 'files/x' } }] }] },
    ],
    [
      'a cache of Gemini',
      'gemini/v1/models/plain:generateContent',
      { contents: [], cachedContent: 'cachedContents/x' },
    ],
  ])('is a decision where nobody was given it, denied by default: %s', async (_name, path, body) => {
    const before = plane.provider.seen.length;
    expect(await statusOf(AGENT, path, body)).toBe(403);
    expect(plane.provider.seen).toHaveLength(before);
  });

  it.each([
    [
      'openai/v1/chat/completions',
      {
        model: 'readable',
        messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AA' } }] }],
      },
    ],
    [
      'anthropic/v1/messages',
      {
        model: 'readable',
        max_tokens: 9,
        messages: [
          { role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'https://x.example' } }] },
        ],
      },
    ],
    [
      'gemini/v1/models/readable:generateContent',
      { contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: 'AA' } }] }] },
    ],
    ['ollama/api/chat', { model: 'readable', messages: [{ role: 'user', content: '', images: ['AA'] }] }],
  ])('what cannot be read is told to policy: %s', async (path, body) => {
    const before = plane.provider.seen.length;
    const response = await post(AGENT, path, body);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('only what can be read');
    expect(plane.provider.seen).toHaveLength(before);
  });
});
