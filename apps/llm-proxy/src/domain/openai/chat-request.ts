import { isObject } from '@behavry/contracts';
import { parseStrictJson, type JsonFault } from '@behavry/domain';

/** The part of a chat completion request that this proxy acts on; the rest passes as it came. */
export interface ChatRequest {
  /** The whole body, for scanning, deciding and digesting. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly model: string;
  readonly isStream: boolean;
  readonly wantsUsage: boolean;
  /** Names of tools that the agent itself runs. */
  readonly toolNames: readonly string[];
  /** Tools that the provider would run on its own side, by type, with their settings. */
  readonly hostedTools: readonly HostedTool[];
}

export interface HostedTool {
  readonly type: string;
  readonly settings: unknown;
}

export type ChatRequestResult =
  | { readonly ok: true; readonly request: ChatRequest }
  | {
      readonly ok: false;
      readonly reasonCode: 'request_malformed' | 'request_too_large';
      readonly message: string;
    };

const MAX_DEPTH = 64;
const MAX_MODEL_LENGTH = 256;

const FAULT_TEXT: Readonly<Record<JsonFault, string>> = {
  too_large: 'the body is too large',
  not_utf8: 'the body is not UTF-8',
  not_json: 'the body is not JSON',
  too_deep: 'the body is nested too deeply',
  duplicate_key: 'the body names a member twice',
  forbidden_key: 'the body has a member that is not allowed',
  lone_surrogate: 'the body has half a character',
  unsafe_number: 'the body has a number that cannot be read exactly',
};

/**
 * Reads a body of `POST /chat/completions`. Only what the proxy acts on is checked; members it does not
 * know pass.
 * @param bytes the body as it came
 */
export function readChatRequest(bytes: Uint8Array, maxBytes: number): ChatRequestResult {
  const parsed = parseStrictJson(bytes, { maxBytes, maxDepth: MAX_DEPTH });
  if (!parsed.ok) {
    const reasonCode = parsed.fault === 'too_large' ? 'request_too_large' : 'request_malformed';
    return { ok: false, reasonCode, message: FAULT_TEXT[parsed.fault] };
  }
  const body = parsed.value;
  if (!isObject(body)) return malformed('the body must be an object');
  const { model, messages, stream, stream_options: streamOptions, tools, functions } = body;
  if (typeof model !== 'string' || model === '' || model.length > MAX_MODEL_LENGTH) {
    return malformed("'model' must be a text");
  }
  if (!Array.isArray(messages)) return malformed("'messages' must be a list");
  if (!isOptional(stream, (value) => typeof value === 'boolean'))
    return malformed("'stream' must be true or false");
  if (!isOptional(streamOptions, isObject)) return malformed("'stream_options' must be an object");
  const offered = readTools(tools);
  const legacy = readFunctions(functions);
  if (!offered || !legacy) return malformed("'tools' must be a list of tools");
  const webSearch = body['web_search_options'];
  const searches =
    webSearch === undefined || webSearch === null ? [] : [{ type: 'web_search', settings: webSearch }];
  return {
    ok: true,
    request: {
      body,
      text: parsed.text,
      model,
      isStream: stream === true,
      wantsUsage: isObject(streamOptions) && streamOptions['include_usage'] === true,
      toolNames: [...offered.names, ...legacy],
      hostedTools: [...offered.hosted, ...searches],
    },
  };
}

function malformed(message: string): ChatRequestResult {
  return { ok: false, reasonCode: 'request_malformed', message };
}

function isOptional(value: unknown, isRight: (value: unknown) => boolean): boolean {
  return value === undefined || value === null || isRight(value);
}

function readTools(tools: unknown): { names: readonly string[]; hosted: readonly HostedTool[] } | undefined {
  if (tools === undefined || tools === null) return { names: [], hosted: [] };
  if (!Array.isArray(tools)) return undefined;
  const names: string[] = [];
  const hosted: HostedTool[] = [];
  for (const tool of tools as unknown[]) {
    if (!isObject(tool) || typeof tool['type'] !== 'string') return undefined;
    const type = tool['type'];
    // Only these two come back to the agent as calls; whatever else there is runs at the provider.
    if (type !== 'function' && type !== 'custom') {
      hosted.push({ type, settings: tool });
      continue;
    }
    const definition = tool[type];
    if (!isObject(definition) || typeof definition['name'] !== 'string') return undefined;
    names.push(definition['name']);
  }
  return { names, hosted };
}

function readFunctions(functions: unknown): readonly string[] | undefined {
  if (functions === undefined || functions === null) return [];
  if (!Array.isArray(functions)) return undefined;
  const names: string[] = [];
  for (const one of functions as unknown[]) {
    if (!isObject(one) || typeof one['name'] !== 'string') return undefined;
    names.push(one['name']);
  }
  return names;
}
