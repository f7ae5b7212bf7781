import { isObject } from '@behavry/contracts';
import type { HostedTool, ModelRequest, RequestResult } from '../dialect';
import { mostTokens } from '../answer-tokens';
import { isAbsent, isPlainName, malformed, MAX_HOSTED_TOOLS, readBody } from '../reading';

// Members of bodies, as of SDK 0.6.4 and the server beside it.
const SHARED = 'format keep_alive logprobs model options shift stream think top_logprobs truncate';
export const MEMBERS = {
  CHAT: new Set(`${SHARED} messages tools`.split(' ')),
  GENERATE: new Set(
    `${SHARED} context height images prompt raw steps suffix system template width`.split(' '),
  ),
  EMBED: new Set('dimensions input keep_alive model options truncate'.split(' ')),
  EMBEDDINGS: new Set('keep_alive model options prompt'.split(' ')),
  SHOW: new Set('model name options system template verbose'.split(' ')),
} as const;

type Body = Readonly<Record<string, unknown>>;
type Understood = Partial<Pick<ModelRequest, 'isStream' | 'toolNames' | 'hostedTools' | 'unscanned'>>;

/** Reads a body of `POST /api/chat`. Without messages it only loads the model. */
export function readChatRequest(bytes: Uint8Array, maxBytes: number): RequestResult {
  return readWith(bytes, maxBytes, (body) => {
    const { messages, stream, tools } = body;
    if (!isAbsent(messages) && !Array.isArray(messages)) return "'messages' must be a list";
    if (!isAbsent(stream) && typeof stream !== 'boolean') return NO_STREAM;
    const hasImages = (messages as unknown[] | undefined | null)?.some(showsImages) === true;
    const toolNames: string[] = [];
    const hostedTools: HostedTool[] = [];
    if (!readTools(tools, toolNames, hostedTools)) return "'tools' must be a list of tools";
    if (hostedTools.length > MAX_HOSTED_TOOLS) return "'tools' has too many that the provider would run";
    const unscanned = hasImages ? IMAGES : [];
    return { isStream: stream !== false, toolNames, hostedTools, unscanned };
  });
}

/** Reads a body of `POST /api/generate`. */
export function readGenerateRequest(bytes: Uint8Array, maxBytes: number): RequestResult {
  return readWith(bytes, maxBytes, (body) => {
    const { prompt, stream, context } = body;
    if (!isAbsent(context) && !(Array.isArray(context) && context.length === 0)) return TOKENS;
    if (!isAbsent(prompt) && typeof prompt !== 'string') return NO_PROMPT;
    if (!isAbsent(stream) && typeof stream !== 'boolean') return NO_STREAM;
    return { isStream: stream !== false, unscanned: showsImages(body) ? IMAGES : [] };
  });
}

/** Reads a body of `POST /api/embed`. */
export function readEmbedRequest(bytes: Uint8Array, maxBytes: number): RequestResult {
  return readWith(bytes, maxBytes, ({ input }) =>
    isAbsent(input) || typeof input === 'string' || Array.isArray(input)
      ? {}
      : "'input' must be a text or a list",
  );
}

/** Reads a body of `POST /api/embeddings`. */
export function readEmbeddingsRequest(bytes: Uint8Array, maxBytes: number): RequestResult {
  return readWith(bytes, maxBytes, ({ prompt }) =>
    isAbsent(prompt) || typeof prompt === 'string' ? {} : NO_PROMPT,
  );
}

/** Reads a body of `POST /api/show`, which older callers tell the model by `name`. */
export function readShowRequest(bytes: Uint8Array, maxBytes: number): RequestResult {
  return readWith(bytes, maxBytes, () => ({}));
}

/** @returns the most tokens of an answer; below zero it is as long as the model likes */
export function answerTokens(body: unknown): number {
  const options = isObject(body) ? body['options'] : undefined;
  return mostTokens(isObject(options) ? options['num_predict'] : undefined);
}

const NO_PROMPT = "'prompt' must be a text";
const TOKENS = "'context' holds tokens, which cannot be scanned: send the conversation as messages of a chat";
const IMAGES = ['image'] as const;
const NO_STREAM = "'stream' must be true or false";

/** @param understand what the proxy acts on, or why it is not understood */
function readWith(
  bytes: Uint8Array,
  maxBytes: number,
  understand: (body: Body) => Understood | string,
): RequestResult {
  const read = readBody(bytes, maxBytes);
  if (!read.ok) return read;
  const { body, text } = read;
  const { model, name } = body;
  if (!isAbsent(model) && !isAbsent(name)) return malformed("'model' and 'name' cannot be sent at once");
  const named = model ?? name;
  if (!isPlainName(named)) return malformed("'model' must be the name of a model");
  const understood = understand(body);
  if (typeof understood === 'string') return malformed(understood);
  const request = { bytes, text, body, model: named, isStream: false, hidesTokens: false };
  return { ok: true, request: { ...request, toolNames: [], hostedTools: [], ...understood } };
}

function readTools(tools: unknown, names: string[], hosted: HostedTool[]): boolean {
  if (isAbsent(tools)) return true;
  if (!Array.isArray(tools)) return false;
  for (const tool of tools as unknown[]) {
    if (!isObject(tool)) return false;
    const { type = 'function', function: declared } = tool;
    if (!isPlainName(type)) return false;
    if (type !== 'function') {
      hosted.push({ type, settings: tool });
    } else {
      if (!isObject(declared) || !isPlainName(declared['name'])) return false;
      names.push(declared['name']);
    }
  }
  return true;
}

function showsImages(holder: unknown): boolean {
  const images = isObject(holder) ? holder['images'] : undefined;
  return Array.isArray(images) && images.length > 0;
}
