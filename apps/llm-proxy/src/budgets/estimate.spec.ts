import { endpointAt } from '../dialects/providers';
import type { Place } from '../dialects/dialect';
import { estimateOf, usedIn } from './estimate';

const post = (provider: Place['provider'], path: string) =>
  endpointAt({ provider, method: 'POST', path, query: '' });
const CHAT = post('openai', '/v1/chat/completions');
const TEXT = post('openai', '/v1/completions');
const RESPONSES = post('openai', '/v1/responses');
const MESSAGES = post('anthropic', '/v1/messages');
const GEMINI = post('gemini', '/v1beta/models/g:generateContent');
const OLLAMA = post('ollama', '/api/chat');

describe('what a call may use', () => {
  it.each([
    ['chat, not said', CHAT, {}, 4_096],
    ['chat', CHAT, { max_tokens: 10 }, 10],
    ['chat, the newer name', CHAT, { max_completion_tokens: 11, max_tokens: null }, 11],
    ['chat, the longer of two', CHAT, { max_completion_tokens: 11, max_tokens: 12 }, 12],
    ['chat, many', CHAT, { max_tokens: 10, n: 3 }, 30],
    ['chat, many that are none', CHAT, { max_tokens: 10, n: -3 }, 10],
    ['chat, nothing', CHAT, { max_tokens: 0 }, 4_096],
    ['chat, less than nothing', CHAT, { max_tokens: -1_000_000 }, 4_096],
    ['chat, a fraction', CHAT, { max_tokens: 1.5 }, 4_096],
    ['chat, a large fraction', CHAT, { max_tokens: 5_000.5 }, 5_001],
    ['chat, what is no number', CHAT, { max_tokens: { at: 9 } }, 4_096],
    ['chat, too many', CHAT, { max_tokens: 9e15, n: 9e15 }, 3_200_000],
    ['completions of several prompts', TEXT, { prompt: ['a', 'b'], max_tokens: 10 }, 20],
    ['completions, the best of some', TEXT, { prompt: 'a', max_tokens: 10, n: 2, best_of: 5 }, 50],
    ['responses', RESPONSES, { max_output_tokens: 77 }, 77],
    ['messages', MESSAGES, { max_tokens: 78 }, 78],
    ['content', GEMINI, { generationConfig: { maxOutputTokens: 79, candidateCount: 2 } }, 158],
    ['content, in the other form', GEMINI, { generation_config: { max_output_tokens: 79 } }, 79],
    [
      'content, in both forms',
      GEMINI,
      { generationConfig: { maxOutputTokens: 1, max_output_tokens: 79 } },
      79,
    ],
    ['content, as text', GEMINI, { generationConfig: { maxOutputTokens: '8192' } }, 8_192],
    ['content, nothing said', GEMINI, { generationConfig: {} }, 4_096],
    ['a chat of Ollama', OLLAMA, { options: { num_predict: 80 } }, 80],
    ['a chat of Ollama without end', OLLAMA, { options: { num_predict: -1 } }, 4_096],
    ["OpenAI's chat of Ollama", post('ollama', '/v1/chat/completions'), { max_tokens: 81 }, 81],
    ['vectors', post('openai', '/v1/embeddings'), { max_tokens: 9 }, 0],
    ['vectors of Gemini', post('gemini', '/v1beta/models/g:embedContent'), {}, 0],
    ['vectors of Ollama', post('ollama', '/api/embed'), {}, 0],
  ])('is in its answer what the request says: %s', (_name, endpoint, body, completion) => {
    expect(estimateOf(endpoint, body).completion).toBe(completion);
  });

  it('is in its prompt a quarter of the characters of texts and names, and little of a picture', () => {
    expect(estimateOf(CHAT, { abcd: 'efgh', list: [1, null, 'ij', { k: true }] }).prompt).toBe(
      Math.ceil('abcdefghlistijk'.length / 4),
    );
    expect(estimateOf(CHAT, ['a b '.repeat(10_000)]).prompt).toBe(10_000);
    expect(estimateOf(CHAT, ['漢'.repeat(40_000)]).prompt).toBe(10_000);
    const picture = 'iVBORw0K'.repeat(100_000);
    const url = `data:image/png;base64,${picture}`;
    expect(
      estimateOf(CHAT, { image_url: { url }, images: [picture], source: { data: picture } }).prompt,
    ).toBe(6_000 + Math.ceil('image_urlurlimagessourcedata'.length / 4));
  });

  it('takes no text for a picture, whatever it begins with and wherever it stands', () => {
    const letters = 'a'.repeat(40_000);
    expect(estimateOf(CHAT, { data: `${letters} and more` }).prompt).toBeGreaterThan(10_000);
    expect(estimateOf(CHAT, { content: letters }).prompt).toBeGreaterThan(10_000);
    expect(estimateOf(CHAT, { data: `data:image/png;base64,${letters} x` }).prompt).toBeGreaterThan(10_000);
  });

  it.each([
    ['openai', '/v1/moderations'],
    ['anthropic', '/v1/messages/count_tokens'],
    ['gemini', '/v1beta/models/g:countTokens'],
  ] as const)('is nothing where nothing is written: %s%s', (provider, path) => {
    expect(post(provider, path).isFree).toBe(true);
  });
});

describe('what a call has used', () => {
  const estimate = { prompt: 10, completion: 100 };
  const told = { prompt: 7, completion: 5, total: 15 };

  it.each([
    ['nothing', { kind: 'nothing' }, told, 0],
    ['all of it, unseen', { kind: 'unseen' }, null, 110],
    ['what was told, more than its parts', { kind: 'answer', characters: 900, isComplete: true }, told, 15],
    ['what came, untold', { kind: 'answer', characters: 41, isComplete: true }, null, 21],
    ['what came, told in parts', { kind: 'answer', characters: 41, isComplete: false }, told, 18],
    ['what was told, of little that came', { kind: 'answer', characters: 1, isComplete: false }, told, 15],
    [
      'what came, told as none',
      { kind: 'answer', characters: 41, isComplete: true },
      { prompt: 0, completion: 0, total: 0 },
      21,
    ],
  ] as const)('is %s', (_name, heard, counts, total) => {
    expect(usedIn(heard, estimate, counts).total).toBe(total);
  });
});
