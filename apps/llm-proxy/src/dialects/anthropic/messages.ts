import { isObject } from '@behavry/contracts';
import { SSE } from '../../stream/sse-framing';
import { mostTokens } from '../answer-tokens';
import type { Endpoint } from '../dialect';
import { outline, type OutlineRules } from '../outline';
import { resultsBefore, resultsOfParts, textResult } from '../past-results';
import { sealedParts } from '../sealed';
import { envelope } from './envelope';
import { readCount, readMessage, readMessageEvent } from './messages-answer';
import { TURNS } from './turns';
import { COUNT_MEMBERS, MESSAGES_MEMBERS, readMessagesRequest } from './messages-request';

const OUTLINE: OutlineRules = {
  texts: new Set(['messages', 'system', 'description', 'stop_sequences', 'input_examples']),
  data: new Set(['input']),
  names: new Set(['role', 'type', 'name', 'id', 'tool_use_id', 'file_id', 'media_type', 'server_name']),
  schemas: new Set(['input_schema', 'schema']),
};

const SIGNED: ReadonlySet<unknown> = new Set(['thinking', 'redacted_thinking']);

/** Messages, whole and streamed. */
export const MESSAGES: Endpoint = {
  method: 'POST',
  name: 'POST /v1/messages',
  toolName: 'chat',
  path: '/v1/messages',
  framing: SSE,
  hasEndMark: true,
  known: MESSAGES_MEMBERS,
  readRequest: readMessagesRequest,
  answerTokens: (body) => mostTokens(isObject(body) ? body['max_tokens'] : undefined),
  outlineOf: (body) => outline(body, OUTLINE),
  outboundBody: ({ bytes }, body) => (body === undefined ? bytes : JSON.stringify(body)),
  readAnswer: readMessage,
  readChunk: readMessageEvent,
  dropEchoes: () => false,
  turns: TURNS,
  sealedIn: (value) => sealedParts(value, ({ type }) => SIGNED.has(type)),
  pastResultsIn: (body) =>
    resultsBefore(body, 'messages', (message) =>
      resultsOfParts(message, 'content', (block) =>
        block['type'] === 'tool_result' ? textResult(block, 'content') : [],
      ),
    ),
  errorEvent: (facts) => SSE.write({ event: 'error', data: JSON.stringify(envelope(facts)) }),
};

/** How many tokens a message would cost. */
export const COUNT_TOKENS: Endpoint = {
  ...MESSAGES,
  name: 'POST /v1/messages/count_tokens',
  path: '/v1/messages/count_tokens',
  known: COUNT_MEMBERS,
  isFree: true,
  readAnswer: readCount,
  readChunk: () => undefined,
};
