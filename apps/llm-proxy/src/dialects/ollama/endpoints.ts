import { isObject } from '@behavry/contracts';
import { NDJSON } from '../../stream/ndjson-framing';
import type { Endpoint, ModelAnswer, Target } from '../dialect';
import { OPENAI } from '../openai/openai';
import { outline, type OutlineRules } from '../outline';
import { resultsBefore, textResult } from '../past-results';
import { bodiless, isAbsent, malformed } from '../reading';
import { isSpelled } from './spelling';
import { dropTokens, readAnswer, readLine, tokensOf } from './answers';
import { envelope } from './envelope';
import {
  answerTokens,
  MEMBERS,
  readChatRequest,
  readEmbeddingsRequest,
  readEmbedRequest,
  readGenerateRequest,
  readShowRequest,
} from './requests';
import { TURNS } from './turns';

const OUTLINE: OutlineRules = {
  texts: new Set('context description images input messages prompt stop suffix system template'.split(' ')),
  names: new Set(['role', 'name', 'tool_name', 'type']),
  data: new Set(['arguments']),
  schemas: new Set(['parameters', 'format']),
};

const CHAT: Endpoint = {
  method: 'POST',
  name: 'POST /api/chat',
  toolName: 'chat',
  path: '/api/chat',
  framing: NDJSON,
  hasEndMark: true,
  known: MEMBERS.CHAT,
  readRequest: readChatRequest,
  answerTokens,
  outlineOf: (body) => outline(body, OUTLINE),
  outboundBody: ({ bytes }, body) => (body === undefined ? bytes : JSON.stringify(body)),
  readAnswer,
  readChunk: readLine,
  dropEchoes: dropTokens,
  turns: TURNS,
  pastResultsIn: (body) =>
    resultsBefore(body, 'messages', (message) =>
      message['role'] === 'tool' ? textResult(message, 'content') : [],
    ),
  errorEvent: (facts) => NDJSON.write({ data: JSON.stringify(envelope(facts)) }),
};

const GENERATE: Endpoint = {
  ...CHAT,
  ...at('POST', '/api/generate'),
  toolName: 'complete',
  known: MEMBERS.GENERATE,
  readRequest: readGenerateRequest,
};

/** What is answered whole, whatever was asked. */
const WHOLE: Endpoint = { ...CHAT, readChunk: () => undefined, answerTokens: undefined };

const EMBED: Endpoint = {
  ...WHOLE,
  ...at('POST', '/api/embed'),
  toolName: 'embed',
  known: MEMBERS.EMBED,
  readRequest: readEmbedRequest,
  readAnswer: answerWith(({ embeddings }) => Array.isArray(embeddings)),
};

const EMBEDDINGS: Endpoint = {
  ...EMBED,
  ...at('POST', '/api/embeddings'),
  known: MEMBERS.EMBEDDINGS,
  readRequest: readEmbeddingsRequest,
  readAnswer: answerWith(({ embedding }) => Array.isArray(embedding)),
};

const SHOW: Endpoint = {
  ...WHOLE,
  ...at('POST', '/api/show'),
  toolName: 'list',
  known: MEMBERS.SHOW,
  readRequest: readShowRequest,
  readAnswer: answerWith(({ details }) => isObject(details)),
};

const TAGS: Endpoint = {
  ...SHOW,
  ...at('GET', '/api/tags'),
  list: { member: 'models', names: ['name', 'model'] },
  known: undefined,
  readRequest: (bytes) => bodiless(bytes),
  readAnswer: answerWith(({ models }) => isAbsent(models) || Array.isArray(models)),
};

const VERSION: Endpoint = {
  ...TAGS,
  list: undefined,
  ...at('GET', '/api/version'),
  readAnswer: answerWith(({ version }) => typeof version === 'string'),
};

/** By method and path. What manages models or reaches out, as pull, create or web_search, is none of them. */
const OWN: ReadonlyMap<string, Endpoint> = new Map(
  [CHAT, GENERATE, EMBED, EMBEDDINGS, SHOW, TAGS, { ...TAGS, ...at('GET', '/api/ps') }, VERSION].map(
    (endpoint) => [endpoint.name, spelled(endpoint)],
  ),
);

/** What Ollama also answers as OpenAI does: as far as OpenAI's dialect has it, that is asked. By their names there. */
const LIKE_OPENAI: ReadonlySet<string> = new Set([
  'POST /v1/chat/completions',
  'POST /v1/completions',
  'POST /v1/embeddings',
  'GET /v1/models',
  'GET /v1/models/*',
]);

/** @returns undefined for everything that is not understood */
export function endpointOf(target: Target): Endpoint | undefined {
  const { method, path, query } = target;
  if (!path.startsWith('/v1/')) return query === '' ? OWN.get(`${method} ${path}`) : undefined;
  const endpoint = OPENAI.endpointOf(target);
  // Its paths begin behind the version.
  return endpoint && LIKE_OPENAI.has(endpoint.name)
    ? spelled({ ...endpoint, path: `/v1${endpoint.path}` })
    : undefined;
}

/** Ollama takes a member's name in any case; here it has one spelling, at the top and in what is inside. */
function spelled(endpoint: Endpoint): Endpoint {
  return {
    ...endpoint,
    readRequest: (bytes, maxBytes) => {
      const read = endpoint.readRequest(bytes, maxBytes);
      if (!read.ok || isSpelled(read.request.body)) return read;
      return malformed('a member is there in a spelling that is not its own');
    },
  };
}

function at(method: Endpoint['method'], path: string): Pick<Endpoint, 'method' | 'name' | 'path'> {
  return { method, name: `${method} ${path}`, path };
}

function answerWith(
  isAnswer: (answer: Readonly<Record<string, unknown>>) => boolean,
): (value: unknown) => ModelAnswer | undefined {
  return (value) =>
    isObject(value) && isAbsent(value['error']) && isAnswer(value)
      ? { calls: [], tokens: tokensOf(value) }
      : undefined;
}
