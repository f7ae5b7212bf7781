// What the readers of all dialects share.
import { isObject, type ModelSettings, type TokenCounts } from '@behavry/contracts';
import { parseStrictJson, type JsonFault } from '@behavry/domain';
import type { Chunk, Endpoint, RequestResult, ToldTokens } from './dialect';
import { isOtherSpelling } from './members';

const PLAIN_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:/@+-]{0,127}$/;
const MEMBER_NAME = /^(?=.{1,40}$)_?[A-Za-z][a-z_]*(?:[A-Z][a-z_]*){0,6}$/;
/** Deepest nesting of bodies, both ways. */
export const MAX_DEPTH = 64;

/**
 * Whether a text looks like the name of a model, a tool or a type: only such names are understood, and may stand in
 * a record.
 */
export function isPlainName(value: unknown): value is string {
  return typeof value === 'string' && PLAIN_NAME.test(value);
}

/** SDKs write what is not set as null too. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** @returns the arguments of a tool call as every reader must understand them; an empty text is no arguments */
export function argumentsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  if (text === '') return {};
  const parsed = parseStrictJson(text);
  return parsed.ok && isObject(parsed.value) ? parsed.value : undefined;
}

/** @returns a count of tokens; 0 for what is none */
export function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/**
 * @param cached tokens of the prompt that the provider had kept, as it tells them
 * @returns counts that tell of them, where there are some
 */
export function withCached(counts: TokenCounts, cached: unknown): ToldTokens {
  const known = countOf(cached);
  return known === 0 ? counts : { ...counts, cached: known };
}

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

/** Of what the provider would run, each is decided. */
export const MAX_HOSTED_TOOLS = 32;

/** A mark behind the last chunk of a stream, which carries nothing itself. */
export const END: Chunk = {
  rest: null,
  pieces: [],
  calls: [],
  finished: [],
  tokens: undefined,
  isTokensOnly: false,
  isEnd: true,
};

/** Why a request is not understood. */
export interface RequestFault {
  readonly ok: false;
  readonly reasonCode: 'request_malformed' | 'request_too_large';
  /** For the agent: what to do. */
  readonly message: string;
}

export function malformed(message: string): RequestFault {
  return { ok: false, reasonCode: 'request_malformed', message };
}

/** Reads a request's body strictly: an object. */
export function readBody(
  bytes: Uint8Array,
  maxBytes: number,
):
  | { readonly ok: true; readonly body: Readonly<Record<string, unknown>>; readonly text: string }
  | RequestFault {
  const parsed = parseStrictJson(bytes, { maxBytes, maxDepth: MAX_DEPTH });
  if (!parsed.ok) {
    const reasonCode = parsed.fault === 'too_large' ? 'request_too_large' : 'request_malformed';
    return { ok: false, reasonCode, message: FAULT_TEXT[parsed.fault] };
  }
  const { value: body, text } = parsed;
  return isObject(body) ? { ok: true, body, text } : malformed('the body must be an object');
}

/**
 * Reads a request of an endpoint. What a member at the top does that nobody knows, nobody can judge: it is refused, or a
 * decision of its own. One that is a known member in another spelling is always refused, for some servers take it for that.
 */
export function readRequest(
  endpoint: Endpoint,
  bytes: Uint8Array,
  { maxBytes, unknownMembers }: ReadingRules,
): RequestResult {
  const read = endpoint.readRequest(bytes, maxBytes);
  const { known } = endpoint;
  if (!read.ok || !known) return read;
  const { request } = read;
  const unknown = Object.keys(request.body).filter((name) => !known.has(name));
  const [first] = unknown;
  if (first === undefined) return read;
  if (unknownMembers === 'decide' && !unknown.some((name) => isOtherSpelling(name, known))) {
    // With their values, so that an approval of one is none of another.
    const values = Object.fromEntries(unknown.map((name) => [name, request.body[name]]));
    const tool = { type: 'unknown_members', settings: { members: unknown, values } };
    return { ok: true, request: { ...request, hostedTools: [...request.hostedTools, tool] } };
  }
  // What does not look like one that a provider would name may be a text of the agent's own.
  const shown = MEMBER_NAME.test(first) ? `'${first}'` : 'a member of the body';
  return malformed(`${shown} is not known here, so what it does cannot be judged`);
}

/** How strictly requests are read. */
export interface ReadingRules {
  readonly maxBytes: number;
  readonly unknownMembers: ModelSettings['unknown_members'];
}

/**
 * @param model the one that it is about, if any
 * @param query what it asks for in its address, by name
 * @returns a request of a method that has no body
 */
export function bodiless(
  bytes: Uint8Array,
  model = '',
  query: Readonly<Record<string, string>> = {},
): RequestResult {
  const none = { isStream: false, hidesTokens: false, toolNames: [], hostedTools: [] };
  return { ok: true, request: { bytes, text: '', body: query, model, ...none } };
}

/**
 * @param known how the members that are understood may be written
 * @returns a query's members as they are written; undefined when it has others, or one twice: readers differ in which
 *   they take
 */
export function queryOf(query: string, known: ReadonlyMap<string, RegExp>): Map<string, string> | undefined {
  const members = new Map<string, string>();
  for (const part of query === '' ? [] : query.split('&')) {
    const mark = part.indexOf('=');
    const [name, value] = mark < 0 ? [part, ''] : [part.slice(0, mark), part.slice(mark + 1)];
    if (members.has(name) || !known.get(name)?.test(value)) return undefined;
    members.set(name, value);
  }
  return members;
}

/** @returns a query as it goes on: nothing, or what stands behind the path with its mark */
export function writtenQuery(members: ReadonlyMap<string, string>): string {
  const parts = [...members].map(([name, value]) => `${name}=${value}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** @returns the text of a member; undefined where there is none */
export function textIn(holder: unknown, member: string): string | undefined {
  const text = isObject(holder) ? holder[member] : undefined;
  return typeof text === 'string' ? text : undefined;
}

/**
 * @returns the name under which policies know a tool of a namespace: two namespaces may have tools of one name.
 * Undefined when it has none
 */
export function namespaced(namespace: unknown, name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '') return undefined;
  if (isAbsent(namespace)) return name;
  return typeof namespace === 'string' && namespace !== '' ? `${namespace}.${name}` : undefined;
}

/**
 * Puts a value at a place of another, in place; nothing happens where there is no such place.
 * @param path member names and list places from the top
 */
export function putAt(value: unknown, path: readonly (string | number)[], what: unknown): void {
  type Holder = Record<string | number, unknown> | undefined;
  let holder = value as Holder;
  for (const step of path.slice(0, -1)) holder = holder?.[step] as Holder;
  const last = path.at(-1);
  if (last !== undefined && holder) holder[last] = what;
}
