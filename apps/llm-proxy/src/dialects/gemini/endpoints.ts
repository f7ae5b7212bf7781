import { isObject } from '@behavry/contracts';
import { JSON_ARRAY, ARRAY_FIRST } from '../../stream/json-array-framing';
import { SSE } from '../../stream/sse-framing';
import type { Endpoint, ErrorFacts, ModelAnswer } from '../dialect';
import { bothForms } from '../members';
import { outline, type OutlineRules } from '../outline';
import { resultsBefore } from '../past-results';
import { bodiless, isAbsent, writtenQuery } from '../reading';
import { sealedParts } from '../sealed';
import { isSigned } from './candidates';
import { dropQuotes, readContentAnswer, readContentElement, readContentEvent } from './content-answer';
import {
  CONTENT_MEMBERS,
  contentTokens,
  COUNT_MEMBERS,
  readContentRequest,
  readCountRequest,
} from './content-request';
import { BATCH_MEMBERS, EMBED_MEMBERS, readBatchRequest, readEmbedRequest } from './embed-request';
import { envelope } from './envelope';
import { pastResponses } from './past-responses';
import { TURNS } from './turns';

const OUTLINE: OutlineRules = {
  texts: bothForms('content contents description labels stopSequences systemInstruction title'),
  names: bothForms('role name mimeType'),
  data: bothForms('args partMetadata response'),
  schemas: bothForms('parameters parametersJsonSchema response responseJsonSchema responseSchema'),
};
const SSE_QUERY = '?alt=sse';

/** What a path of Gemini's addresses. */
export interface Addressed {
  readonly version: string;
  /** Empty for the list of models. */
  readonly model: string;
}

/** What all endpoints have in common; none of them streams unless it says so. */
function endpointFor({ version, model }: Addressed, verb: string): Endpoint {
  return {
    method: 'POST',
    name: `POST /${version}/models/*:${verb}`,
    toolName: 'chat',
    path: `/${version}/models/${model}:${verb}`,
    framing: SSE,
    hasEndMark: false,
    known: CONTENT_MEMBERS,
    readRequest: (bytes, maxBytes) => readContentRequest(bytes, maxBytes, { model, isStream: false }),
    answerTokens: contentTokens,
    outlineOf: (body) => outline(body, OUTLINE),
    outboundBody: ({ bytes }, body) => (body === undefined ? bytes : JSON.stringify(body)),
    readAnswer: readContentAnswer,
    readChunk: () => undefined,
    dropEchoes: dropQuotes,
    turns: TURNS,
    sealedIn: (value) => sealedParts(value, isSigned),
    pastResultsIn: (body) => resultsBefore(body, 'contents', pastResponses),
    errorEvent: (facts) => SSE.write({ data: errorOf(facts) }),
  };
}

/** Content, whole. */
export function generateContent(addressed: Addressed): Endpoint {
  return endpointFor(addressed, 'generateContent');
}

/** Content, streamed: as events, or as the elements of an array. */
export function streamContent(addressed: Addressed, isArray: boolean): Endpoint {
  const endpoint = endpointFor(addressed, 'streamGenerateContent');
  const { model } = addressed;
  const streamed: Endpoint = {
    ...endpoint,
    readRequest: (bytes, maxBytes) => readContentRequest(bytes, maxBytes, { model, isStream: true }),
  };
  if (!isArray) return { ...streamed, path: `${endpoint.path}${SSE_QUERY}`, readChunk: readContentEvent };
  return {
    ...streamed,
    framing: JSON_ARRAY,
    hasEndMark: true,
    readChunk: readContentElement,
    // An element as any other, but for what it says; then nothing is left to wait for.
    errorEvent: (facts, hasBegun) =>
      `${JSON_ARRAY.write({ event: hasBegun ? undefined : ARRAY_FIRST, data: errorOf(facts) })}]`,
  };
}

/** How many tokens content would cost. */
export function countTokens(addressed: Addressed): Endpoint {
  return {
    ...endpointFor(addressed, 'countTokens'),
    known: COUNT_MEMBERS,
    isFree: true,
    readRequest: (bytes, maxBytes) => readCountRequest(bytes, maxBytes, addressed.model),
    // What would be used, not what was.
    readAnswer: answerWith((answer) => typeof (answer['totalTokens'] ?? answer['total_tokens']) === 'number'),
  };
}

/** Vectors, of one text or of many. */
export function embedContent(addressed: Addressed, isBatch: boolean): Endpoint {
  const read = isBatch ? readBatchRequest : readEmbedRequest;
  return {
    ...endpointFor(addressed, isBatch ? 'batchEmbedContents' : 'embedContent'),
    toolName: 'embed',
    answerTokens: undefined,
    known: isBatch ? BATCH_MEMBERS : EMBED_MEMBERS,
    readRequest: (bytes, maxBytes) => read(bytes, maxBytes, addressed.model),
    readAnswer: answerWith((answer) =>
      isBatch ? Array.isArray(answer['embeddings']) : isObject(answer['embedding']),
    ),
  };
}

/** The models there are, or one of them. @param query what of it goes on */
export function models({ version, model }: Addressed, query: ReadonlyMap<string, string>): Endpoint {
  const isOne = model !== '';
  const body = Object.fromEntries([...query].map(([name, value]) => [name, decodeURIComponent(value)]));
  return {
    ...endpointFor({ version, model }, ''),
    method: 'GET',
    name: `GET /${version}/models${isOne ? '/*' : ''}`,
    toolName: 'list',
    ...(isOne ? {} : { list: { member: 'models', names: ['name'], prefix: 'models/' } }),
    path: `/${version}/models${isOne ? `/${model}` : ''}${writtenQuery(query)}`,
    known: undefined,
    readRequest: (bytes) => bodiless(bytes, model, body),
    readAnswer: answerWith((answer) =>
      isOne
        ? typeof answer['name'] === 'string'
        : isAbsent(answer['models']) || Array.isArray(answer['models']),
    ),
  };
}

function answerWith(
  isAnswer: (answer: Readonly<Record<string, unknown>>) => boolean,
): (value: unknown) => ModelAnswer | undefined {
  return (value) =>
    isObject(value) && isAbsent(value['error']) && isAnswer(value)
      ? { calls: [], tokens: undefined }
      : undefined;
}

function errorOf(facts: ErrorFacts): string {
  return JSON.stringify(envelope(facts));
}
