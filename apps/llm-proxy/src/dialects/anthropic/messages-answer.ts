import { isObject } from '@behavry/contracts';
import { parseStrictJson } from '@behavry/domain';
import type { Frame } from '../../stream/framing';
import type {
  AnsweredCall,
  CallPiece,
  Chunk,
  ModelAnswer,
  Reference,
  TextPiece,
  ToldTokens,
} from '../dialect';
import { countOf, namespaced, textIn, withCached } from '../reading';

/** What a message is made of, as of SDK 1.12; a block of another type could be a call to some reader. */
const BLOCKS: ReadonlySet<unknown> = new Set(
  (
    'text thinking redacted_thinking tool_use server_tool_use web_search_tool_result web_fetch_tool_result ' +
    'advisor_tool_result code_execution_tool_result bash_code_execution_tool_result ' +
    'text_editor_code_execution_tool_result tool_search_tool_result mcp_tool_use mcp_tool_result container_upload ' +
    'compaction fallback mcp_tool_listing'
  ).split(' '),
);

/** @param value body of a message */
export function readMessage(value: unknown): ModelAnswer | undefined {
  if (!isObject(value) || !Array.isArray(value['content'])) return undefined;
  const calls: AnsweredCall[] = [];
  const given = [...containerIn(value)];
  for (const block of value['content'] as unknown[]) {
    if (!isObject(block) || !BLOCKS.has(block['type'])) return undefined;
    given.push(...filesIn(block));
    if (block['type'] !== 'tool_use') continue;
    const name = namespaced(block['toolset_name'], block['name']);
    const { input } = block;
    if (name === undefined) return undefined;
    calls.push({ name, arguments: isObject(input) ? input : undefined });
  }
  return { calls, tokens: tokensOf(value['usage']), model: textIn(value, 'model'), given };
}

/** @param holder a message, or what an event changes of one @returns the container that it was worked out in */
function containerIn(holder: unknown): readonly Reference[] {
  const container = isObject(holder) ? holder['container'] : undefined;
  const id = isObject(container) ? container['id'] : undefined;
  return typeof id === 'string' ? [{ kind: 'container', id }] : [];
}

/** @returns the files that a tool of the provider's has made, as a block with its result tells them */
function filesIn({ content }: Readonly<Record<string, unknown>>): readonly Reference[] {
  const outputs = isObject(content) ? content['content'] : undefined;
  return (Array.isArray(outputs) ? (outputs as unknown[]) : []).flatMap((output) => {
    const id = isObject(output) ? output['file_id'] : undefined;
    return typeof id === 'string' ? [{ kind: 'file', id }] : [];
  });
}

/** @param value body of a count of tokens */
export function readCount(value: unknown): ModelAnswer | undefined {
  if (!isObject(value) || typeof value['input_tokens'] !== 'number') return undefined;
  // What would be used, not what was.
  return { calls: [], tokens: undefined };
}

/** What each event of a stream has in it; events of other types are not understood. */
const EVENTS = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
  'ping',
]);
/** What is written on in a block. */
const DELTAS: ReadonlySet<unknown> = new Set([
  'text_delta',
  'input_json_delta',
  'citations_delta',
  'thinking_delta',
  'signature_delta',
  'compaction_delta',
]);
/** Blocks whose input is streamed like a call's, of tools that were decided with the request. */
const RUN_BY_PROVIDER = new Set(['server_tool_use', 'mcp_tool_use']);
/** Said once, or the same in every piece. */
const CONSTANTS = new Set(['type', 'id', 'name', 'tool_use_id']);
const PLAIN_MEMBER = /^[a-z_][a-z0-9_]{0,63}$/;

/** Takes an event of a streamed message apart. A content block is a group. */
export function readMessageEvent({ event, data }: Frame): Chunk | undefined {
  const parsed = parseStrictJson(data);
  const rest = parsed.ok ? parsed.value : undefined;
  if (!isObject(rest) || rest['type'] !== event || !EVENTS.has(String(event))) return undefined;
  const pieces: TextPiece[] = [];
  const calls: CallPiece[] = [];
  const { index, content_block: block, delta, message } = rest;
  // What stands in a message that has only begun would be decided by nobody.
  if (event === 'message_start' && !isBegun(message)) return undefined;
  if (String(event).startsWith('content_block_')) {
    if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) return undefined;
    if (event === 'content_block_start' && !readStart(block, index, pieces, calls)) return undefined;
    if (event === 'content_block_delta' && !readDelta(delta, index, pieces, calls)) return undefined;
  }
  return {
    rest,
    pieces,
    calls,
    isStart: event === 'message_start',
    begins: event === 'content_block_start' ? (index as number) : undefined,
    within: event === 'content_block_delta' || event === 'content_block_stop' ? (index as number) : undefined,
    finished: event === 'content_block_stop' ? [index as number] : [],
    tokens: tokensOf((isObject(rest['message']) ? rest['message'] : rest)['usage']),
    given: isObject(block)
      ? filesIn(block)
      : containerIn(event === 'message_start' ? rest['message'] : delta),
    model: textIn(rest['message'], 'model'),
    isTokensOnly: false,
    isEnd: event === 'message_stop',
  };
}

function isBegun(message: unknown): boolean {
  const content = isObject(message) ? message['content'] : undefined;
  return Array.isArray(content) && content.length === 0;
}

function readStart(block: unknown, group: number, pieces: TextPiece[], calls: CallPiece[]): boolean {
  if (!isObject(block) || !BLOCKS.has(block['type'])) return false;
  if (block['type'] === 'tool_use') {
    const name = namespaced(block['toolset_name'], block['name']);
    const { input = {} } = block;
    if (name === undefined || !isObject(input)) return false;
    // Some compatible servers give the whole input here, where others give none. Then nothing may go on.
    const isWhole = Object.keys(input).length > 0;
    calls.push({
      group,
      index: 0,
      form: 'json',
      name,
      arguments: isWhole ? JSON.stringify(input) : '',
      isWhole,
    });
    return true;
  }
  if (RUN_BY_PROVIDER.has(block['type'] as string))
    calls.push({ group, index: 0, form: 'foreign', name: '', arguments: '' });
  return takeTexts(block, group, 'content_block', pieces);
}

function readDelta(delta: unknown, group: number, pieces: TextPiece[], calls: CallPiece[]): boolean {
  if (!isObject(delta) || !DELTAS.has(delta['type'])) return false;
  const { type, partial_json: json } = delta;
  // The block's start has said whose call it is; without one it is a call without a name, which no policy allows.
  if (type === 'input_json_delta') {
    if (typeof json !== 'string') return false;
    calls.push({ group, index: 0, form: undefined, name: '', arguments: json });
  }
  return takeTexts(delta, group, 'delta', pieces);
}

/** Moves the running texts of a block's start or of its delta out: both write on the same ones. */
function takeTexts(
  holder: Record<string, unknown>,
  group: number,
  member: 'content_block' | 'delta',
  pieces: TextPiece[],
): boolean {
  for (const [key, text] of Object.entries(holder)) {
    if (!PLAIN_MEMBER.test(key)) return false;
    if (typeof text !== 'string' || text === '' || CONSTANTS.has(key)) continue;
    const channel = `/content/${String(group)}/${key}`;
    pieces.push({ channel, group, text, path: [member, key], isSealed: key === 'thinking' });
    holder[key] = '';
  }
  return true;
}

function tokensOf(usage: unknown): ToldTokens | undefined {
  if (!isObject(usage)) return undefined;
  // Of the cache, too: they were read, only for less money.
  const prompt =
    countOf(usage['input_tokens']) +
    countOf(usage['cache_creation_input_tokens']) +
    countOf(usage['cache_read_input_tokens']);
  const completion = countOf(usage['output_tokens']);
  return withCached({ prompt, completion, total: prompt + completion }, usage['cache_read_input_tokens']);
}
