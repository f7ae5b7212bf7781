import { SSE } from '../../stream/sse-framing';
import type { Endpoint } from '../dialect';
import { outline, type OutlineRules } from '../outline';
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
  errorEvent: (facts) => SSE.write({ data: JSON.stringify(envelope(facts)) }),
};
