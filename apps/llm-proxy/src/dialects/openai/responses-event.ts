import { isObject } from '@behavry/contracts';
import { canonicalJson, parseStrictJson } from '@behavry/domain';
import type { Frame } from '../../stream/framing';
import type { CallPiece, Chunk, TextPiece } from '../dialect';
import { textIn } from '../reading';
import { keptOf, tokensOf } from './responses-answer';
import { FINISHES, OTHERS, WRITES, type Write } from './responses-event-types';
import { callsIn } from './responses-items';

const BEGINNINGS = new Set(['response.created', 'response.queued', 'response.in_progress']);
const ENDS = new Set(['response.completed', 'response.incomplete', 'response.failed']);
const ADDED = 'response.output_item.added';
const DONE = 'response.output_item.done';
/** What of an item's beginning is written on, as its deltas write on it. */
const GROWING = [
  ['arguments'],
  ['input'],
  ['code'],
  ['content'],
  ['summary'],
  ['action', 'commands'],
  ['operation', 'diff'],
];
/** Said once. */
const CONSTANTS = new Set(['type', 'id', 'status']);
const PLAIN_MEMBER = /^[a-z_][a-z0-9_]{0,63}$/;

type Event = Record<string, unknown>;
type Path = readonly (string | number)[];

/**
 * Takes an event of a streamed response apart. An item of the output is a group, and has at most one call. The events
 * that end a part, an item or the response tell once more what their deltas told.
 */
export function readResponseEvent({ event, data }: Frame): Chunk | undefined {
  const parsed = parseStrictJson(data);
  const rest = parsed.ok ? parsed.value : undefined;
  if (!isObject(rest) || event === undefined || rest['type'] !== event) return undefined;
  const write = WRITES.get(event);
  if (write) return readWrite(rest, write);
  if (event === ADDED || event === DONE) return readItem(rest, event === DONE);
  if (BEGINNINGS.has(event) || ENDS.has(event)) return readResponseIn(rest, ENDS.has(event));
  return OTHERS.has(event) ? chunkOf(rest, { finished: FINISHES.get(event) ?? [] }) : undefined;
}

function chunkOf(rest: Event, parts: Partial<Chunk>): Chunk {
  const none = { pieces: [], calls: [], finished: [], tokens: undefined };
  return { ...none, rest, isTokensOnly: false, isEnd: false, ...parts };
}

/** An event that carries a piece of a text, or tells the whole of one again. */
function readWrite(
  rest: Event,
  { from, place, group: own, call, isWhole, isSealed }: Write,
): Chunk | undefined {
  const group = own ?? indexIn(rest, 'output_index');
  const path = placeIn(rest, place);
  const { [from]: told } = rest;
  if (group === undefined || !path) return undefined;
  if (typeof told !== 'string' && (call || !isObject(told))) return undefined;
  const calls: CallPiece[] = [];
  if (call && typeof told === 'string') {
    const { name = '', item_id: id } = rest;
    if (typeof name !== 'string') return undefined;
    const piece = { group, index: 0, id: idOf(id), name, arguments: told, isWhole };
    calls.push({
      ...piece,
      form: call === 'part' ? undefined : call,
      at: call === 'part' ? path.slice(1) : undefined,
    });
  }
  const pieces: TextPiece[] = [];
  const channel = `${own === undefined ? `/output/${String(group)}` : ''}/${path.join('/')}`;
  if (!isWhole) take(rest, from, { channel, group, path: [from], isSealed }, pieces);
  return chunkOf(rest, { pieces, calls });
}

function readItem(rest: Event, isDone: boolean): Chunk | undefined {
  const group = indexIn(rest, 'output_index');
  const { item } = rest;
  const calls = group === undefined ? undefined : callPieces(item, group, isDone);
  if (group === undefined || !calls || !isObject(item)) return undefined;
  if (isDone) return chunkOf(rest, { calls, finished: [group] });
  const pieces: TextPiece[] = [];
  for (const [key = '', inner] of GROWING) {
    const holder = inner === undefined ? item : item[key];
    if (!isObject(holder)) continue;
    const path = inner === undefined ? [key] : [key, inner];
    const channel = `/output/${String(group)}/${path.join('/')}`;
    take(holder, inner ?? key, { channel, group, path: ['item', ...path] }, pieces);
  }
  return chunkOf(rest, { pieces, calls });
}

function readResponseIn(rest: Event, isEnd: boolean): Chunk | undefined {
  const { response } = rest;
  const output = isObject(response) ? (response['output'] ?? (isEnd ? undefined : [])) : undefined;
  // What stands in a response that has only begun would be neither decided nor finished.
  if (!Array.isArray(output) || (!isEnd && output.length > 0)) return undefined;
  const calls: CallPiece[] = [];
  for (const [group, item] of (output as unknown[]).entries()) {
    const told = callPieces(item, group, true);
    if (!told) return undefined;
    calls.push(...told);
  }
  return chunkOf(rest, {
    calls,
    tokens: tokensOf(response),
    model: textIn(response, 'model'),
    given: isEnd ? keptOf(response) : [],
    isEnd,
  });
}

/** @returns the call in an item, begun or whole, as pieces; undefined for an item that is not understood */
function callPieces(item: unknown, group: number, isWhole: boolean): readonly CallPiece[] | undefined {
  const id = idOf(isObject(item) ? item['id'] : undefined);
  return callsIn(item, !isWhole)?.flatMap(({ name, form, arguments: args }) => {
    const piece = { group, index: 0, id, form, name, isWhole };
    if (typeof args === 'string') return [{ ...piece, arguments: args }];
    if (isWhole) return [{ ...piece, arguments: canonicalJson(args) }];
    return [{ ...piece, arguments: '' }, ...partsOf(args, [], { ...piece, name: '' })];
  });
}

/** What an object says already, of which the rest comes later: an empty text or list may still be written. */
function partsOf(value: unknown, at: Path, piece: Omit<CallPiece, 'arguments'>): readonly CallPiece[] {
  if (value === null || value === '') return [];
  if (typeof value !== 'object') {
    return [{ ...piece, at, arguments: typeof value === 'string' ? value : canonicalJson(value) }];
  }
  const entries: readonly [string | number, unknown][] = Array.isArray(value)
    ? [...(value as unknown[]).entries()]
    : Object.entries(value);
  return entries.flatMap(([key, inner]) => partsOf(inner, [...at, key], piece));
}

/** Moves the running texts out of what stands under a key: a text, a list, or the texts of an object. */
function take(
  holder: Record<string | number, unknown>,
  key: string | number,
  { channel, path, ...same }: Omit<TextPiece, 'text'>,
  pieces: TextPiece[],
): void {
  const value = holder[key];
  if (typeof value === 'string') {
    if (value === '') return;
    pieces.push({ ...same, channel, path, text: value });
    holder[key] = '';
  } else if (typeof value === 'object' && value !== null) {
    const inner = value as Record<string | number, unknown>;
    const keys = Array.isArray(value)
      ? [...value.keys()]
      : Object.keys(value).filter((name) => isText(inner, name));
    for (const own of keys)
      take(inner, own, { ...same, channel: `${channel}/${String(own)}`, path: [...path, own] }, pieces);
  }
}

function isText(holder: Readonly<Record<string, unknown>>, name: string): boolean {
  return typeof holder[name] === 'string' && PLAIN_MEMBER.test(name) && !CONSTANTS.has(name);
}

/** Some compatible servers write an empty one. */
function idOf(id: unknown): string | undefined {
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** @returns a place in the output as an event names it; undefined where it names none */
function placeIn(rest: Event, place: string): Path | undefined {
  const path: (string | number)[] = [];
  for (const part of place.split('/')) {
    const key = part.startsWith(':') ? indexIn(rest, part.slice(1)) : part;
    if (key === undefined) return undefined;
    path.push(key);
  }
  return path;
}

function indexIn(rest: Event, member: string): number | undefined {
  const index = rest[member];
  return typeof index === 'number' && Number.isSafeInteger(index) && index >= 0 ? index : undefined;
}
