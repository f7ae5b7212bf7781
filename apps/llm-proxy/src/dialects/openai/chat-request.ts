import { isObject } from '@behavry/contracts';
import type { HostedTool, ModelRequest, RequestResult } from '../dialect';
import { answersOf, mostTokens } from '../answer-tokens';
import { textInDataUrl } from '../encoded-text';
import { isAbsent, isPlainName, malformed, MAX_HOSTED_TOOLS, readBody } from '../reading';
import { References } from '../references';

/** Members of a body, as of SDK 7.57. */
export const CHAT_MEMBERS = new Set(
  (
    'messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens ' +
    'max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key ' +
    'prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier ' +
    'stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options'
  ).split(' '),
);

/**
 * Reads a body of `POST /chat/completions`. What the proxy acts on is checked; nested members that it
 * does not know pass.
 */
export function readChatRequest(bytes: Uint8Array, maxBytes: number): RequestResult {
  const read = readBody(bytes, maxBytes);
  if (!read.ok) return read;
  const { body, text } = read;
  const { model, messages, stream, stream_options: streamOptions, functions } = body;
  if (!isPlainName(model)) return malformed("'model' must be the name of a model");
  if (!Array.isArray(messages)) return malformed("'messages' must be a list");
  if (!isAbsent(stream) && typeof stream !== 'boolean') return malformed("'stream' must be true or false");
  if (!isAbsent(streamOptions) && !isObject(streamOptions))
    return malformed("'stream_options' must be an object");
  const names: string[] = [];
  const hosted: HostedTool[] = [];
  if (!readTools(body['tools'], names, hosted)) return malformed("'tools' must be a list of tools");
  if (!readFunctions(functions, names)) return malformed("'functions' must be a list of functions");
  const parts = new References();
  if (!messages.every((message) => readMessage(message, parts)))
    return malformed("'messages' must be a list of messages, whose files have plain ids");
  if (parts.isCrowded) return malformed("'messages' names too many things that the provider keeps");
  const search = body['web_search_options'];
  if (!isAbsent(search)) hosted.push({ type: 'web_search', settings: search });
  if (hosted.length > MAX_HOSTED_TOOLS) return malformed("'tools' has too many that the provider would run");
  const wantsUsage = isObject(streamOptions) && streamOptions['include_usage'] === true;
  return {
    ok: true,
    request: {
      bytes,
      text,
      body,
      model,
      isStream: stream === true,
      hidesTokens: stream === true && !wantsUsage,
      toolNames: names,
      hostedTools: hosted,
      ...parts.found,
    },
  };
}

function readMessage(message: unknown, parts: References): boolean {
  if (!isObject(message)) return false;
  const { content, audio } = message;
  // What the model has said before stays at the provider.
  if (isObject(audio) && !parts.addAny('audio', audio['id'])) return false;
  if (!Array.isArray(content)) return isAbsent(content) || typeof content === 'string';
  return (content as unknown[]).every((part) => isObject(part) && readPart(part, parts));
}

function readPart(
  { type, file, image_url: image }: Readonly<Record<string, unknown>>,
  parts: References,
): boolean {
  if (type === 'image_url') parts.addWritten('image', image, 'url', ['detail'], textInDataUrl);
  if (type === 'input_audio') parts.addUnscanned('audio');
  if (type !== 'file') return true;
  if (!isObject(file)) return false;
  if (isAbsent(file['file_id']) || !isAbsent(file['file_data']))
    parts.addWritten('file', file, 'file_data', ['filename', 'file_id'], textInDataUrl);
  return parts.addAny('file', file['file_id']);
}

function readTools(tools: unknown, names: string[], hosted: HostedTool[]): boolean {
  if (isAbsent(tools)) return true;
  if (!Array.isArray(tools)) return false;
  for (const tool of tools as unknown[]) {
    if (!isObject(tool) || !isPlainName(tool['type'])) return false;
    const { type } = tool;
    // Only these two come back to the agent as calls; whatever else there is runs at the provider.
    if (type === 'function' || type === 'custom') {
      if (!readFunctions([tool[type]], names)) return false;
    } else {
      hosted.push({ type, settings: tool });
    }
  }
  return true;
}

function readFunctions(functions: unknown, names: string[]): boolean {
  if (isAbsent(functions)) return true;
  if (!Array.isArray(functions)) return false;
  for (const one of functions as unknown[]) {
    if (!isObject(one) || !isPlainName(one['name'])) return false;
    names.push(one['name']);
  }
  return true;
}

/** @returns the most tokens that all choices of an answer may have */
export function chatTokens(body: unknown): number {
  if (!isObject(body)) return mostTokens();
  return answersOf(body['n']) * mostTokens(body['max_tokens'], body['max_completion_tokens']);
}

const ASK_FOR_USAGE = '"stream_options":{"include_usage":true}';

/**
 * What to send: the bytes as they came, except that the provider is asked to count the tokens of a stream. Everything
 * else stays byte for byte when the body has no `stream_options` of its own.
 */
export function outboundChat(request: ModelRequest, changed: unknown): string | Uint8Array {
  const body = (changed ?? request.body) as Readonly<Record<string, unknown>>;
  if (!request.hidesTokens) return changed === undefined ? request.bytes : JSON.stringify(body);
  if (Object.hasOwn(body, 'stream_options')) {
    const own = body['stream_options'] as object | null;
    return JSON.stringify({ ...body, stream_options: { ...own, include_usage: true } });
  }
  const text = changed === undefined ? request.text : JSON.stringify(body);
  const end = text.lastIndexOf('}');
  return `${text.slice(0, end)},${ASK_FOR_USAGE}${text.slice(end)}`;
}
