import { SSE } from '../../stream/sse-framing';
import type { Endpoint } from '../dialect';
import { outline, type OutlineRules } from '../outline';
import { resultsBefore, textResult } from '../past-results';
import { dropLogProbabilities, readChatAnswer } from './chat-answer';
import { readChatChunk } from './chat-chunk';
import { CHAT_MEMBERS, chatTokens, outboundChat, readChatRequest } from './chat-request';
import { CHAT_TURNS } from './chat-turns';
import { envelope } from './envelope';

const OUTLINE: OutlineRules = {
  texts: new Set(['messages', 'prediction', 'description', 'stop']),
  names: new Set(['role', 'type', 'name', 'id', 'tool_call_id', 'file_id', 'detail', 'format']),
  schemas: new Set(['parameters', 'schema']),
};

/** Roles of messages that tell what a tool has brought back. */
const TOLD_BY_TOOLS: ReadonlySet<unknown> = new Set(['tool', 'function']);

/** Chat completions, whole and streamed. */
export const CHAT: Endpoint = {
  method: 'POST',
  name: 'POST /v1/chat/completions',
  toolName: 'chat',
  path: '/chat/completions',
  framing: SSE,
  hasEndMark: true,
  known: CHAT_MEMBERS,
  readRequest: readChatRequest,
  answerTokens: chatTokens,
  outlineOf: (body) => outline(body, OUTLINE),
  outboundBody: outboundChat,
  readAnswer: readChatAnswer,
  readChunk: readChatChunk,
  dropEchoes: dropLogProbabilities,
  turns: CHAT_TURNS,
  pastResultsIn: (body) =>
    resultsBefore(body, 'messages', (message) =>
      TOLD_BY_TOOLS.has(message['role']) ? textResult(message, 'content') : [],
    ),
  errorEvent: (facts) => SSE.write({ data: JSON.stringify(envelope(facts)) }),
};
