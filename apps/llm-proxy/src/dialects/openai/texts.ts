// Endpoints that take texts and give back what is no conversation: vectors, verdicts, a completion.
import { isObject } from '@behavry/contracts';
import { SSE } from '../../stream/sse-framing';
import { answersOf, mostTokens } from '../answer-tokens';
import type { Chunk, Endpoint, ModelAnswer, RequestResult, TextPiece } from '../dialect';
import { outline } from '../outline';
import { END, isAbsent, isPlainName, malformed, readBody } from '../reading';
import { References } from '../references';
import { dropLogProbabilities, tokensOf } from './chat-answer';
import { DONE, isIndex, readChoices } from './chat-chunk';
import { outboundChat } from './chat-request';
import { envelope } from './envelope';

const EMBEDDING_MEMBERS = new Set(['input', 'model', 'dimensions', 'encoding_format', 'user']);
const MODERATION_MEMBERS = new Set(['input', 'model']);
const COMPLETION_MEMBERS = new Set(
  (
    'model prompt best_of echo frequency_penalty logit_bias logprobs max_tokens n presence_penalty seed stop stream ' +
    'stream_options suffix temperature top_p user'
  ).split(' '),
);
const TEXTS = {
  texts: new Set(['input', 'prompt', 'suffix', 'stop']),
  names: new Set(['type']),
  schemas: new Set<string>(),
};

/** What stands for a text must be one: numbers are tokens, which nobody can read without the model. */
function readTexts(
  member: 'input' | 'prompt',
  isModeration = false,
): (bytes: Uint8Array, maxBytes: number) => RequestResult {
  return (bytes, maxBytes) => {
    const read = readBody(bytes, maxBytes);
    if (!read.ok) return read;
    const { body, text } = read;
    const { model, stream, stream_options: options } = body;
    // Moderation has a model of its own.
    if (!isPlainName(model) && !(isAbsent(model) && isModeration))
      return malformed("'model' must be the name of a model");
    const parts = new References();
    if (!isText(body[member]) && !(isModeration && readParts(body[member], parts)))
      return malformed(`'${member}' must be a text or texts: tokens cannot be scanned`);
    if (!isAbsent(stream) && typeof stream !== 'boolean') return malformed("'stream' must be true or false");
    if (!isAbsent(options) && !isObject(options)) return malformed("'stream_options' must be an object");
    const wantsUsage = isObject(options) && options['include_usage'] === true;
    const isStream = stream === true;
    const name = isPlainName(model) ? model : '';
    return {
      ok: true,
      request: {
        ...{ bytes, text, body, model: name, isStream, hidesTokens: isStream && !wantsUsage },
        toolNames: [],
        hostedTools: [],
        ...parts.found,
      },
    };
  };
}

/** A text, or a list of them. */
function isText(value: unknown): boolean {
  if (typeof value === 'string') return true;
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** What is moderated may be images too. */
function readParts(value: unknown, parts: References): boolean {
  if (!Array.isArray(value)) return false;
  return (value as unknown[]).every((part) => {
    const type = isObject(part) ? part['type'] : undefined;
    if (type === 'image_url') parts.addUnscanned('image');
    return type === 'image_url' || type === 'text';
  });
}

function listAnswer(member: 'data' | 'results'): (value: unknown) => ModelAnswer | undefined {
  return (value) =>
    isObject(value) && Array.isArray(value[member]) ? { calls: [], tokens: tokensOf(value) } : undefined;
}

const PLAIN = {
  method: 'POST',
  framing: SSE,
  hasEndMark: true,
  outlineOf: (body: unknown) => outline(body, TEXTS),
  outboundBody: outboundChat,
  readChunk: (): undefined => undefined,
  dropEchoes: (): boolean => false,
  errorEvent: (facts: Parameters<Endpoint['errorEvent']>[0]) =>
    SSE.write({ data: JSON.stringify(envelope(facts)) }),
} as const;

/** Vectors of texts. */
export const EMBEDDINGS: Endpoint = {
  ...PLAIN,
  name: 'POST /v1/embeddings',
  toolName: 'embed',
  path: '/embeddings',
  known: EMBEDDING_MEMBERS,
  readRequest: readTexts('input'),
  readAnswer: listAnswer('data'),
};

/** What kind of harm is in texts. */
export const MODERATIONS: Endpoint = {
  ...PLAIN,
  name: 'POST /v1/moderations',
  toolName: 'complete',
  path: '/moderations',
  known: MODERATION_MEMBERS,
  isFree: true,
  readRequest: readTexts('input', true),
  readAnswer: listAnswer('results'),
};

/** Completions without a conversation, whole and streamed. */
export const COMPLETIONS: Endpoint = {
  ...PLAIN,
  name: 'POST /v1/completions',
  toolName: 'complete',
  path: '/completions',
  known: COMPLETION_MEMBERS,
  readRequest: readTexts('prompt'),
  answerTokens: completionTokens,
  readAnswer: readCompletion,
  readChunk: ({ event, data }) =>
    event === undefined || event === 'message' ? readCompletionChunk(data) : undefined,
  dropEchoes: dropLogProbabilities,
};

/** Each of the texts is gone on with, and the best of several is all of them to its provider. */
function completionTokens(body: unknown): number {
  if (!isObject(body)) return mostTokens();
  const { prompt, n, best_of: bestOf, max_tokens: most } = body;
  const prompts = Array.isArray(prompt) ? Math.max(1, prompt.length) : 1;
  return prompts * answersOf(n, bestOf) * mostTokens(most);
}

function readCompletion(value: unknown): ModelAnswer | undefined {
  const choices = isObject(value) ? value['choices'] : undefined;
  if (!Array.isArray(choices)) return undefined;
  const isReadable = (choices as unknown[]).every(
    (choice) => isObject(choice) && typeof choice['text'] === 'string',
  );
  return isReadable ? { calls: [], tokens: tokensOf(value) } : undefined;
}

function readCompletionChunk(data: string): Chunk | undefined {
  if (data === DONE) return END;
  const read = readChoices(data);
  if (!read) return undefined;
  const { rest, choices } = read;
  const pieces: TextPiece[] = [];
  const finished: number[] = [];
  for (const [place, choice] of choices.entries()) {
    if (!isObject(choice) || Object.hasOwn(choice, 'message') || Object.hasOwn(choice, 'delta'))
      return undefined;
    const { index: group, text, finish_reason: reason } = choice;
    if (!isIndex(group) || typeof text !== 'string') return undefined;
    if (text !== '') {
      pieces.push({
        channel: `/choices/${String(group)}/text`,
        group,
        text,
        path: ['choices', place, 'text'],
      });
      choice['text'] = '';
    }
    if (typeof reason === 'string') finished.push(group);
  }
  const tokens = tokensOf(rest);
  const isTokensOnly = choices.length === 0 && tokens !== undefined;
  return { rest, pieces, calls: [], finished, tokens, isTokensOnly, isEnd: false };
}
