import { isObject } from '@behavry/contracts';
import { parseStrictJson } from '@behavry/domain';
import type { Frame } from '../../stream/framing';
import { ARRAY_EMPTY, ARRAY_END, ARRAY_FIRST } from '../../stream/json-array-framing';
import type { AnsweredCall, CallPiece, Chunk, ModelAnswer, TextPiece } from '../dialect';
import { camelOf } from '../members';
import { END, isAbsent } from '../reading';
import { readCall, readContent, type ReadCandidate, type ReadPart } from './candidates';

/** @param value body of an answer with content */
export function readContentAnswer(value: unknown): ModelAnswer | undefined {
  const content = readContent(value);
  if (!content) return undefined;
  const calls: AnsweredCall[] = [];
  for (const { members } of content.candidates.flatMap(({ parts }) => parts)) {
    if (isAbsent(members['functionCall'])) continue;
    const call = readCall(members['functionCall']);
    if (!call) return undefined;
    calls.push({ name: call.name, arguments: call.args });
  }
  return { calls, tokens: content.tokens, model: content.model };
}

/** Takes an event of streamed content apart. A candidate is a group. */
export function readContentEvent({ event, data }: Frame): Chunk | undefined {
  return event === undefined || event === 'message' ? readChunk(data) : undefined;
}

/** The same of content that is streamed as an array. */
export function readContentElement({ event, data }: Frame): Chunk | undefined {
  if (event === ARRAY_END || event === ARRAY_EMPTY) return END;
  return event === undefined || event === ARRAY_FIRST ? readChunk(data) : undefined;
}

/** Stands for the candidates that a refused prompt does not get. */
const BLOCKED = -1;
/** Where else than in `text` a part has running text. */
const TEXT_IN: ReadonlyMap<string, string> = new Map([
  ['executableCode', 'code'],
  ['codeExecutionResult', 'output'],
]);

function readChunk(data: string): Chunk | undefined {
  const parsed = parseStrictJson(data);
  const rest = parsed.ok ? parsed.value : undefined;
  const content = readContent(rest);
  if (!isObject(rest) || !content) return undefined;
  const pieces: TextPiece[] = [];
  const calls: CallPiece[] = [];
  for (const [place, candidate] of content.candidates.entries()) {
    if (!takeParts(candidate, ['candidates', place, 'content', 'parts'], pieces, calls)) return undefined;
  }
  const finished = content.candidates.filter(({ isFinished }) => isFinished).map(({ index }) => index);
  if (content.isBlocked) finished.push(BLOCKED);
  const { tokens, model } = content;
  return { rest, pieces, calls, finished, tokens, model, isTokensOnly: false, isEnd: false };
}

/** Finds the calls, and moves the running texts out. */
function takeParts(
  { index: group, parts }: ReadCandidate,
  path: readonly (string | number)[],
  pieces: TextPiece[],
  calls: CallPiece[],
): boolean {
  const channel = `/candidates/${String(group)}`;
  return parts.every((part, at) => {
    const called = part.members['functionCall'];
    if (!isAbsent(called)) {
      const call = readCall(called);
      if (!call) return false;
      // What is no object comes to the judge as no arguments.
      const args = JSON.stringify(call.args ?? null);
      calls.push({ group, index: undefined, form: 'json', name: call.name, arguments: args });
    }
    const { holder, isThought, isSealed } = part;
    const text = { channel: `${channel}/${isThought ? 'thought' : 'text'}`, path: [...path, at], group };
    takeText({ ...text, holder, key: 'text', isSealed }, pieces);
    return takeInner(part, { channel, path: [...path, at], group }, pieces);
  });
}

function takeInner(
  { holder, isSealed }: ReadPart,
  { channel, path, group }: Pick<TextPiece, 'channel' | 'path' | 'group'>,
  pieces: TextPiece[],
): boolean {
  for (const name of Object.keys(holder)) {
    const kind = camelOf(name);
    const key = TEXT_IN.get(kind);
    const inner = holder[name];
    if (key === undefined || isAbsent(inner)) continue;
    if (!isObject(inner) || (!isAbsent(inner[key]) && typeof inner[key] !== 'string')) return false;
    const text = { channel: `${channel}/${kind}`, path: [...path, name], group };
    takeText({ ...text, holder: inner, key, isSealed }, pieces);
  }
  return true;
}

function takeText(
  {
    holder,
    key,
    channel,
    path,
    group,
    isSealed,
  }: {
    readonly holder: Record<string, unknown>;
    readonly key: string;
    readonly isSealed: boolean;
  } & Pick<TextPiece, 'channel' | 'path' | 'group'>,
  pieces: TextPiece[],
): void {
  const text = holder[key];
  if (typeof text !== 'string' || text === '') return;
  pieces.push({ channel, group, text, path: [...path, key], isSealed });
  holder[key] = '';
}

const SUPPORTS = new Set(['logprobsResult', 'groundingSupports']);

/** Takes probabilities and what is quoted of the text out of the candidates: they repeat it. */
export function dropQuotes(value: unknown): boolean {
  const candidates = isObject(value) ? value['candidates'] : undefined;
  let isChanged = false;
  for (const candidate of Array.isArray(candidates) ? (candidates as unknown[]) : []) {
    if (!isObject(candidate)) continue;
    isChanged = drop(candidate) || isChanged;
    for (const inner of [candidate['groundingMetadata'], candidate['grounding_metadata']]) {
      if (isObject(inner)) isChanged = drop(inner) || isChanged;
    }
  }
  return isChanged;
}

function drop(holder: Record<string, unknown>): boolean {
  const found = Object.keys(holder).filter((name) => SUPPORTS.has(camelOf(name)));
  for (const name of found) Reflect.deleteProperty(holder, name);
  return found.length > 0;
}
