import { isObject } from '@behavry/contracts';
import { parseStrictJson } from '@behavry/domain';
import type { Frame } from '../../stream/framing';
import type { CallPiece, Chunk, Reference, TextPiece } from '../dialect';
import { END, isAbsent, textIn } from '../reading';
import { audioIn, tokensOf } from './chat-answer';

/** Last message of a stream. */
export const DONE = '[DONE]';

// Said once, or the same in every chunk: no pieces of a running text.
const CONSTANTS = new Set(['role', 'id', 'type']);
const CALL_CONSTANTS = new Set([...CONSTANTS, 'name']);
const PLAIN_MEMBER = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

/** Takes a chunk of a streamed chat completion apart. A choice is a group. */
export function readChatChunk({ event, data }: Frame): Chunk | undefined {
  if (event !== undefined && event !== 'message') return undefined;
  if (data === DONE) return END;
  const read = readChoices(data);
  if (!read) return undefined;
  const { rest, choices } = read;
  const pieces: TextPiece[] = [];
  const calls: CallPiece[] = [];
  const given: Reference[] = [];
  const finished: number[] = [];
  for (const [place, choice] of choices.entries()) {
    // A whole message in a chunk would go around the deciding of its calls.
    if (!isObject(choice) || Object.hasOwn(choice, 'message')) return undefined;
    const { index, delta, finish_reason: reason } = choice;
    if (!isIndex(index)) return undefined;
    if (isObject(delta)) {
      given.push(...audioIn(delta));
      if (!readCalls(delta, index, calls)) return undefined;
      const at = {
        channel: `/choices/${String(index)}/delta`,
        path: ['choices', place, 'delta'],
        group: index,
      };
      if (!takeTexts(delta, at, CONSTANTS, pieces)) return undefined;
    } else if (delta !== undefined && delta !== null) {
      return undefined;
    }
    if (typeof reason === 'string') finished.push(index);
  }
  const tokens = tokensOf(rest);
  const isTokensOnly = choices.length === 0 && tokens !== undefined;
  const model = textIn(rest, 'model');
  return { rest, pieces, calls, finished, tokens, model, given, isTokensOnly, isEnd: false };
}

/** @returns a chunk of choices, of whatever they are made; undefined for what is none, above all an error */
export function readChoices(
  data: string,
): { readonly rest: Record<string, unknown>; readonly choices: readonly unknown[] } | undefined {
  const parsed = parseStrictJson(data);
  const rest = parsed.ok ? parsed.value : undefined;
  if (!isObject(rest) || !Array.isArray(rest['choices']) || Object.hasOwn(rest, 'error')) return undefined;
  return { rest, choices: rest['choices'] as unknown[] };
}

type Place = Pick<TextPiece, 'channel' | 'path' | 'group'>;

/** Moves every running text out of a delta. @returns false for a member whose name is none */
function takeTexts(
  holder: Record<string, unknown>,
  { channel, path, group }: Place,
  constants: ReadonlySet<string>,
  pieces: TextPiece[],
): boolean {
  for (const key of Object.keys(holder)) {
    const value = holder[key];
    if (!PLAIN_MEMBER.test(key)) return false;
    const at = { channel: `${channel}/${key}`, path: [...path, key], group };
    if (typeof value === 'string') {
      if (value === '' || constants.has(key)) continue;
      pieces.push({ ...at, text: value });
      holder[key] = '';
    } else if (typeof value === 'object' && value !== null) {
      const inner = key === 'tool_calls' || key === 'function_call' ? CALL_CONSTANTS : constants;
      if (!takeInner(value, at, inner, pieces)) return false;
    }
  }
  return true;
}

function takeInner(
  value: object,
  { channel, path, group }: Place,
  constants: ReadonlySet<string>,
  pieces: TextPiece[],
): boolean {
  if (isObject(value)) return takeTexts(value, { channel, path, group }, constants, pieces);
  const items = value as unknown[];
  return items.every((item, place) => {
    if (typeof item === 'string') {
      pieces.push({ channel: `${channel}/${String(place)}`, path: [...path, place], group, text: item });
      items[place] = '';
      return true;
    }
    if (typeof item !== 'object' || item === null) return true;
    // Items of a list are told apart by their own index, as tool calls are.
    const own = isObject(item) && typeof item['index'] === 'number' ? item['index'] : place;
    const at = { channel: `${channel}/${String(own)}`, path: [...path, place], group };
    return takeInner(item, at, constants, pieces);
  });
}

const FORMS: ReadonlyMap<unknown, CallPiece['form']> = new Map([
  ['function', 'json'],
  ['custom', 'text'],
]);

/** Stands for the one call of the older form, which no other may be. */
const LEGACY = -1;

/** Whether it counts from the start of a list. */
export function isIndex(index: unknown): index is number {
  return typeof index === 'number' && Number.isSafeInteger(index) && index >= 0;
}

function readCalls(delta: Record<string, unknown>, group: number, calls: CallPiece[]): boolean {
  const { tool_calls: listed = null, function_call: legacy = null } = delta;
  if (listed !== null && !Array.isArray(listed)) return false;
  const items = (listed ?? []) as unknown[];
  for (const item of items) {
    // Readers that count from the end would put one below 0 elsewhere.
    const piece = isObject(item) && isIndex(item['index']) ? readPiece(item, group) : undefined;
    if (!piece) return false;
    calls.push(piece);
  }
  if (legacy === null) return true;
  const piece = readPiece({ index: LEGACY, function: legacy }, group);
  if (piece) calls.push(piece);
  return piece !== undefined;
}

// A piece that is of two kinds, or of none that is known, would be judged as one and could be run as another.
function readPiece(item: unknown, group: number): CallPiece | undefined {
  if (!isObject(item)) return undefined;
  const { index, type, function: called, custom } = item;
  if (typeof index !== 'number' || !Number.isSafeInteger(index)) return undefined;
  if (!isAbsent(type) && !FORMS.has(type)) return undefined;
  if (!isAbsent(called) && (!isAbsent(custom) || type === 'custom')) return undefined;
  if (!isAbsent(custom) && type === 'function') return undefined;
  const inner = called ?? custom ?? {};
  if (!isObject(inner)) return undefined;
  const form = FORMS.get(type) ?? (called ? 'json' : custom ? 'text' : undefined);
  const { name } = inner;
  const args = custom ? inner['input'] : inner['arguments'];
  if (!isText(name) || !isText(args)) return undefined;
  return { group, index, form, name: name ?? '', arguments: args ?? '' };
}

function isText(value: unknown): value is string | null | undefined {
  return isAbsent(value) || typeof value === 'string';
}
