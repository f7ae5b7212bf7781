import { isObject } from '@behavry/contracts';
import { SSE } from '../../stream/sse-framing';
import { mostTokens } from '../answer-tokens';
import type { Endpoint, ErrorFacts } from '../dialect';
import { outline, type OutlineRules } from '../outline';
import { resultsBefore, textResult } from '../past-results';
import { sealedParts } from '../sealed';
import { envelope } from './envelope';
import { dropTokens, readResponse } from './responses-answer';
import { readResponseEvent } from './responses-event';
import { readResponsesRequest, RESPONSES_MEMBERS } from './responses-request';
import { RESPONSES_TURNS } from './responses-turns';

const OUTLINE: OutlineRules = {
  texts: new Set([
    ...['input', 'instructions', 'variables', 'description', 'server_description', 'definition', 'data'],
    // Of tools, and no texts, but nobody's to read.
    ...['authorization', 'headers', 'domain_secrets'],
  ]),
  names: new Set([
    ...[
      'role',
      'type',
      'name',
      'namespace',
      'id',
      'call_id',
      'approval_request_id',
      'status',
      'execution',
      'phase',
    ],
    ...['file_id', 'container_id', 'server_label', 'detail', 'format'],
  ]),
  data: new Set([
    'variables',
    'arguments',
    'env',
    'headers',
    'parameters',
    'output_schema',
    'input_schema',
    'schema',
  ]),
  schemas: new Set(['parameters', 'output_schema', 'schema']),
};

/** Items that tell what a tool of the agent has brought back, in texts. */
const OUTPUTS: ReadonlySet<unknown> = new Set(['function_call_output', 'custom_tool_call_output']);

/** Responses, whole and streamed. */
export const RESPONSES: Endpoint = {
  method: 'POST',
  name: 'POST /v1/responses',
  toolName: 'chat',
  path: '/responses',
  framing: SSE,
  hasEndMark: true,
  known: RESPONSES_MEMBERS,
  readRequest: readResponsesRequest,
  answerTokens: (body) => mostTokens(isObject(body) ? body['max_output_tokens'] : undefined),
  outlineOf: (body) => outline(body, OUTLINE),
  outboundBody: ({ bytes }, body) => (body === undefined ? bytes : JSON.stringify(body)),
  readAnswer: readResponse,
  readChunk: readResponseEvent,
  dropEchoes: dropTokens,
  turns: RESPONSES_TURNS,
  // Its summary is told to people, but what OpenAI has encrypted beside it is taken back only with it.
  sealedIn: (value) => sealedParts(value, ({ type }) => type === 'reasoning'),
  pastResultsIn: (body) =>
    resultsBefore(body, 'input', (item) => (OUTPUTS.has(item['type']) ? textResult(item, 'output') : [])),
  errorEvent: (facts) => SSE.write({ event: 'error', data: JSON.stringify(errorOf(facts)) }),
};

/** An error as an event of the stream, with the envelope inside: before version 7 the SDK throws only at that. */
function errorOf(facts: ErrorFacts): object {
  const { reasonCode: code, message } = facts;
  return { type: 'error', code, message, param: null, sequence_number: 0, ...envelope(facts) };
}
