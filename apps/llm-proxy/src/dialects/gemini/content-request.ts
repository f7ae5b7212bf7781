import { isObject } from '@behavry/contracts';
import type { HostedTool, ModelRequest, RequestResult } from '../dialect';
import { answersOf, mostTokens } from '../answer-tokens';
import { bothForms, camelOf, membersOf, namesOf } from '../members';
import { isAbsent, isPlainName, malformed, MAX_HOSTED_TOOLS, readBody, type RequestFault } from '../reading';
import { References } from '../references';
import { foundIn } from './content-parts';

/** Members of a request for content, as of SDK 3.1. */
const CONTENT =
  'cachedContent contents continuationToken generationConfig labels model safetySettings serviceTier store ' +
  'systemInstruction toolConfig tools';
export const CONTENT_MEMBERS = bothForms(CONTENT);
const NAMES = namesOf(CONTENT);

const COUNT = 'contents generateContentRequest';
export const COUNT_MEMBERS = bothForms(COUNT);
const COUNT_NAMES = namesOf(COUNT);

const DECLARATIONS = 'functionDeclarations';
const TOOL_NAMES = namesOf(
  `${DECLARATIONS} codeExecution computerUse enterpriseWebSearch fileSearch googleMaps googleSearch ` +
    'googleSearchRetrieval mcpServers retrieval urlContext',
);
const DECLARATION_NAMES = namesOf('name');

type Members = Readonly<Record<string, unknown>>;
type Tools = Pick<ModelRequest, 'toolNames' | 'hostedTools' | 'references' | 'unscanned'>;

/** What a path says of a request. */
export interface Addressed {
  readonly model: string;
  readonly isStream: boolean;
}

/** Reads a body of `models/*:generateContent` and of its streamed form. */
export function readContentRequest(
  bytes: Uint8Array,
  maxBytes: number,
  { model, isStream }: Addressed,
): RequestResult {
  const read = readBody(bytes, maxBytes);
  if (!read.ok) return read;
  const tools = toolsOf(read.body, model);
  if ('ok' in tools) return tools;
  const { body, text } = read;
  return { ok: true, request: { bytes, text, body, model, isStream, hidesTokens: false, ...tools } };
}

/** Reads a body of `models/*:countTokens`: contents alone, or a whole request for content. */
export function readCountRequest(bytes: Uint8Array, maxBytes: number, model: string): RequestResult {
  const read = readBody(bytes, maxBytes);
  if (!read.ok) return read;
  const { body, text } = read;
  const members = membersOf(body, COUNT_NAMES, 'snake')?.members;
  if (!members) return TWICE;
  const { contents, generateContentRequest: whole } = members;
  let tools: Tools | RequestFault = { toolNames: [], hostedTools: [] };
  if (isAbsent(whole)) {
    const listed = listOf(contents);
    if (!listed) return NO_CONTENTS;
    const parts = new References();
    tools = foundIn(listed, parts) ?? { ...tools, ...parts.found };
  } else {
    if (!isAbsent(contents))
      return malformed("'contents' and 'generateContentRequest' cannot be sent at once");
    if (!isObject(whole) || !Object.keys(whole).every((name) => CONTENT_MEMBERS.has(name)))
      return malformed("'generateContentRequest' must be a request for content, without unknown members");
    tools = toolsOf(whole, model);
  }
  if ('ok' in tools) return tools;
  return { ok: true, request: { bytes, text, body, model, isStream: false, hidesTokens: false, ...tools } };
}

/** @returns the most tokens that all candidates of an answer may have */
export function contentTokens(body: unknown): number {
  const asked = isObject(body) ? [body['generationConfig'], body['generation_config']] : [];
  const said = (name: string): readonly unknown[] =>
    asked.filter(isObject).flatMap((config) => [...bothForms(name)].map((form) => config[form]));
  return answersOf(...said('candidateCount')) * mostTokens(...said('maxOutputTokens'));
}

const TWICE = malformed('a member is there in both of its forms, or in one that is not known');
const NO_CONTENTS = malformed("'contents' must be a list");

function toolsOf(body: Members, model: string): Tools | RequestFault {
  const members = membersOf(body, NAMES, 'snake')?.members;
  if (!members) return TWICE;
  const { contents, tools, cachedContent, systemInstruction, continuationToken } = members;
  if (!isSameModel(members['model'], model)) return malformed("'model' must be the model of the path");
  if (!listOf(contents)) return NO_CONTENTS;
  const toolNames: string[] = [];
  const hostedTools: HostedTool[] = [];
  for (const tool of isAbsent(tools) ? [] : (listOf(tools) ?? [null]))
    if (!readTool(tool, toolNames, hostedTools)) return malformed("'tools' must be a list of tools");
  if (!isAbsent(continuationToken)) hostedTools.push({ type: 'continuation', settings: null });
  const parts = new References();
  // It can hold anything that a request can, tools too, and nobody here sees it.
  if (!parts.addAny('cached_content', cachedContent))
    return malformed("'cachedContent' must be a plain name");
  const fault = foundIn([...(listOf(contents) ?? []), systemInstruction], parts);
  if (fault) return fault;
  if (hostedTools.length > MAX_HOSTED_TOOLS)
    return malformed("'tools' has too many that the provider would run");
  return { toolNames, hostedTools, ...parts.found };
}

function readTool(tool: unknown, toolNames: string[], hosted: HostedTool[]): boolean {
  if (!isObject(tool) || !membersOf(tool, TOOL_NAMES, 'snake')) return false;
  for (const [key, settings] of Object.entries(tool)) {
    const type = camelOf(key);
    if (!isPlainName(type)) return false;
    if (isAbsent(settings)) continue;
    if (type !== DECLARATIONS) hosted.push({ type, settings });
    else if (!readDeclarations(settings, toolNames)) return false;
  }
  return true;
}

function readDeclarations(declarations: unknown, toolNames: string[]): boolean {
  for (const declaration of listOf(declarations) ?? [null]) {
    const name = isObject(declaration) && membersOf(declaration, DECLARATION_NAMES)?.members['name'];
    if (!isPlainName(name)) return false;
    toolNames.push(name);
  }
  return true;
}

/** @param sent a model in a body, where it is not needed */
export function isSameModel(sent: unknown, model: string): boolean {
  return isAbsent(sent) || sent === model || sent === `models/${model}`;
}

/** Google's servers take one object for a list of one. */
export function listOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value as unknown[];
  return isObject(value) ? [value] : undefined;
}
