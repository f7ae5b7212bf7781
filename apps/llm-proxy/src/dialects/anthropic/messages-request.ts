import { isObject } from '@behavry/contracts';
import type { HostedTool, RequestResult } from '../dialect';
import { decodedText } from '../encoded-text';
import { isAbsent, isPlainName, malformed, MAX_HOSTED_TOOLS, readBody } from '../reading';
import { References } from '../references';

type Members = Readonly<Record<string, unknown>>;

/** Members that both routes take, stable and in beta, as of SDK 1.12. */
const SHARED =
  'messages model billing_policy cache_control compaction context_management mcp_servers output_config output_format ' +
  'speed system thinking tool_choice tools';
export const MESSAGES_MEMBERS = new Set(
  (
    `${SHARED} max_tokens container diagnostics fallback_credit_token fallbacks inference_geo metadata service_tier ` +
    'stop_sequences stream temperature thread top_k top_p'
  ).split(' '),
);
export const COUNT_MEMBERS = new Set(SHARED.split(' '));

/** Tools that Anthropic defines and the agent runs: they come back as calls. The end of a name is its version. */
const RUN_BY_AGENT = /^(?:bash|computer|memory|text_editor)_\d{8}$/;

/** Reads a body of `POST /v1/messages`, or of `POST /v1/messages/count_tokens`: the same without what only an answer needs. */
export function readMessagesRequest(bytes: Uint8Array, maxBytes: number): RequestResult {
  const read = readBody(bytes, maxBytes);
  if (!read.ok) return read;
  const { body, text } = read;
  const {
    model,
    messages,
    stream,
    tools,
    mcp_servers: servers,
    container,
    fallbacks,
    thread,
    diagnostics,
  } = body;
  if (!isPlainName(model)) return malformed("'model' must be the name of a model");
  if (!Array.isArray(messages)) return malformed("'messages' must be a list");
  if (!isAbsent(stream) && typeof stream !== 'boolean') return malformed("'stream' must be true or false");
  const toolNames: string[] = [];
  const hostedTools: HostedTool[] = [];
  if (!readTools(tools, toolNames, hostedTools)) return malformed("'tools' must be a list of tools");
  if (!readServers(servers, hostedTools)) return malformed("'mcp_servers' must be a list of servers");
  const parts = new References();
  if (!readContainer(container, hostedTools, parts)) return malformed("'container' must be a container");
  // Each of them is a model, which is decided with a request of its own.
  if (!isAbsent(fallbacks)) return malformed("'fallbacks' names other models: ask for each by itself");
  if (!readThread(thread, parts) || !readThread(diagnostics, parts))
    return malformed("'thread' and 'diagnostics' must be objects, and name messages by plain ids");
  const asked: Asked = { names: toolNames, hosted: hostedTools, parts };
  if (!messages.every((message) => isObject(message) && readBlocks(message['content'], asked)))
    return malformed("'messages' must be made of blocks of types that are known here");
  if (parts.isCrowded) return malformed("'messages' names too many things that the provider keeps");
  if (hostedTools.length > MAX_HOSTED_TOOLS)
    return malformed("'tools' and 'mcp_servers' have too many that the provider would run");
  const request = { bytes, text, body, model, isStream: stream === true, hidesTokens: false };
  return { ok: true, request: { ...request, toolNames, hostedTools, ...parts.found } };
}

function readTools(tools: unknown, names: string[], hosted: HostedTool[]): boolean {
  if (isAbsent(tools)) return true;
  if (!Array.isArray(tools)) return false;
  for (const tool of tools as unknown[]) {
    if (!isObject(tool)) return false;
    const { name } = tool;
    const type = tool['type'] ?? 'custom';
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

/** A thread goes on with what was said before, all of which lies there, tools too. */
function readThread(thread: unknown, parts: References): boolean {
  if (isAbsent(thread)) return true;
  return isObject(thread) && parts.addAny('message', thread['previous_message_id']);
}

/** What a request asks for, as its messages are read: they may bring tools, too. */
interface Asked {
  readonly names: string[];
  readonly hosted: HostedTool[];
  readonly parts: References;
}

/** Blocks that only tell what was said and done before. */
const HISTORY: ReadonlySet<unknown> = new Set(
  (
    'text search_result thinking redacted_thinking tool_use server_tool_use web_search_tool_result ' +
    'advisor_tool_result tool_search_tool_result mcp_tool_use mcp_tool_result tool_removal mcp_tool_listing fallback ' +
    'tool_reference browser_state'
  ).split(' '),
);
/** Results of the provider's own tools, in which files may be named. */
const RESULTS: ReadonlySet<unknown> = new Set([
  'web_fetch_tool_result',
  'code_execution_tool_result',
  'bash_code_execution_tool_result',
  'text_editor_code_execution_tool_result',
]);

/** Reads what a message is made of, and what that is made of: the results of tools, and documents. */
function readBlocks(content: unknown, asked: Asked): boolean {
  if (!Array.isArray(content)) return isAbsent(content) || typeof content === 'string';
  return (content as unknown[]).every((block) => isObject(block) && readBlock(block, asked));
}

function readBlock(block: Members, asked: Asked): boolean {
  const { type, content } = block;
  const { parts } = asked;
  switch (type) {
    case 'container_upload':
      return parts.add('file', block['file_id']);
    case 'tool_result':
      return readBlocks(content, asked);
    case 'tool_addition':
      return readAddition(block['tool'], asked);
    case 'compaction': {
      const changes = block['tool_changes'] ?? [];
      return Array.isArray(changes) && readBlocks(changes, asked);
    }
    case 'image':
    case 'document':
      return readSource(block, asked);
    default:
      return RESULTS.has(type) ? readFiles(content, parts) : HISTORY.has(type);
  }
}

/** A tool that is made available in the middle: one of the request's own, or a new one. */
function readAddition(tool: unknown, { names, hosted }: Asked): boolean {
  if (!isObject(tool)) return false;
  return tool['type'] !== 'tool_definition' || readTools([tool['definition']], names, hosted);
}

function readSource({ type, source }: Members, asked: Asked): boolean {
  if (!isObject(source)) return false;
  const kind = type === 'image' ? 'image' : 'file';
  switch (source['type']) {
    case 'text':
      return true;
    case 'content':
      return readBlocks(source['content'], asked);
    case 'file':
      return asked.parts.add('file', source['file_id']);
    case 'base64':
      asked.parts.addWritten(kind, source, 'data', ['type', 'media_type'], (data) =>
        decodedText(source['media_type'], data),
      );
      return true;
    default:
      asked.parts.addUnscanned(kind);
      return true;
  }
}

/** Files may stand anywhere in a result. */
function readFiles(value: unknown, parts: References): boolean {
  if (Array.isArray(value)) return (value as unknown[]).every((item) => readFiles(item, parts));
  if (!isObject(value)) return true;
  return (
    parts.addAny('file', value['file_id']) && Object.values(value).every((inner) => readFiles(inner, parts))
  );
}
