import { isObject } from '@behavry/contracts';
import type { HostedTool, RequestResult } from '../dialect';
import { isAbsent, isPlainName, malformed, readBody } from '../reading';
import { References } from '../references';

type Members = Readonly<Record<string, unknown>>;

/** Members that both routes take, stable and in beta, as of SDK 1.12. */
const SHARED =
  'messages model billing_policy cache_control compaction context_management mcp_servers output_config output_format ' +
  'speed system thinking tool_choice tools user_profile_id workspace_id';
const KNOWN = new Set(
  (
    `${SHARED} max_tokens container diagnostics fallback_credit_token fallbacks inference_geo metadata service_tier ` +
    'stop_sequences stream temperature thread top_k top_p'
  ).split(' '),
);
const KNOWN_OF_COUNT = new Set(SHARED.split(' '));

/** Tools that Anthropic defines and the agent runs: they come back as calls. The end of a name is its version. */
const RUN_BY_AGENT = /^(?:bash|computer|memory|text_editor)_\d{8}$/;
const MAX_HOSTED = 32;

/** Reads a body of `POST /v1/messages`. */
export function readMessagesRequest(bytes: Uint8Array, maxBytes: number): RequestResult {
  return readWith(KNOWN, bytes, maxBytes);
}

/** Reads a body of `POST /v1/messages/count_tokens`: the same without what only an answer needs. */
export function readCountRequest(bytes: Uint8Array, maxBytes: number): RequestResult {
  return readWith(KNOWN_OF_COUNT, bytes, maxBytes);
}

function readWith(known: ReadonlySet<string>, bytes: Uint8Array, maxBytes: number): RequestResult {
  const read = readBody(bytes, maxBytes, known);
  if (!read.ok) return read;
  const { body, text } = read;
  const { model, messages, stream, tools, mcp_servers: servers, container } = body;
  if (!isPlainName(model)) return malformed("'model' must be the name of a model");
  if (!Array.isArray(messages)) return malformed("'messages' must be a list");
  if (!isAbsent(stream) && typeof stream !== 'boolean') return malformed("'stream' must be true or false");
  const toolNames: string[] = [];
  const hostedTools: HostedTool[] = [];
  if (!readTools(tools, toolNames, hostedTools)) return malformed("'tools' must be a list of tools");
  if (!readServers(servers, hostedTools)) return malformed("'mcp_servers' must be a list of servers");
  const parts = new References();
  if (!readContainer(container, hostedTools, parts)) return malformed("'container' must be a container");
  if (!messages.every((message) => isObject(message) && readBlocks(message['content'], parts)))
    return malformed("'messages' must be a list of messages, whose files have plain ids");
  if (parts.isCrowded) return malformed("'messages' names too many things that the provider keeps");
  if (hostedTools.length > MAX_HOSTED)
    return malformed("'tools' and 'mcp_servers' have too many that the provider would run");
  const request = { bytes, text, body, model, isStream: stream === true, hidesTokens: false };
  return { ok: true, request: { ...request, toolNames, hostedTools, ...parts.found } };
}

function readTools(tools: unknown, names: string[], hosted: HostedTool[]): boolean {
  if (isAbsent(tools)) return true;
  if (!Array.isArray(tools)) return false;
  for (const tool of tools as unknown[]) {
    if (!isObject(tool)) return false;
    const { type = 'custom', name } = tool;
    if (!isPlainName(type)) return false;
    if (type === 'custom' || RUN_BY_AGENT.test(type)) {
      if (!isPlainName(name)) return false;
      names.push(name);
    } else {
      hosted.push({ type, settings: tool });
    }
  }
  return true;
}

function readServers(servers: unknown, hosted: HostedTool[]): boolean {
  if (isAbsent(servers)) return true;
  if (!Array.isArray(servers)) return false;
  for (const server of servers as unknown[]) {
    if (!isObject(server)) return false;
    hosted.push({ type: 'mcp', settings: server });
  }
  return true;
}

/** A container is one that the provider keeps, or a new one with skills, which it runs. */
function readContainer(container: unknown, hosted: HostedTool[], parts: References): boolean {
  if (isAbsent(container)) return true;
  if (typeof container === 'string') return parts.add('container', container);
  if (!isObject(container)) return false;
  const { id, ...more } = container;
  if (Object.values(more).some((value) => !isAbsent(value))) hosted.push({ type: 'skills', settings: more });
  return parts.addAny('container', id);
}

/** Reads what a message is made of, and what that is made of: the results of tools, and documents. */
function readBlocks(content: unknown, parts: References): boolean {
  if (!Array.isArray(content)) return isAbsent(content) || typeof content === 'string';
  return (content as unknown[]).every((block) => isObject(block) && readBlock(block, parts));
}

function readBlock({ type, source, content, file_id: file }: Members, parts: References): boolean {
  if (type === 'container_upload') return parts.add('file', file);
  if (type === 'tool_result') return readBlocks(content, parts);
  if (type !== 'image' && type !== 'document') return true;
  if (!isObject(source)) return false;
  switch (source['type']) {
    case 'text':
      return true;
    case 'content':
      return readBlocks(source['content'], parts);
    case 'file':
      return parts.add('file', source['file_id']);
    default:
      parts.addUnscanned(type === 'image' ? 'image' : 'file');
      return true;
  }
}
