import type { Dialect } from '../dialect';
import { CHAT } from './chat';
import { envelope } from './envelope';

const CHAT_PATHS = new Set(['/v1/chat/completions', '/chat/completions']);

/** OpenAI, and what speaks like it. */
export const OPENAI: Dialect = {
  id: 'openai',
  tokenHeader: undefined,
  keyHeader: 'x-openai-key',
  // Whose account pays is the plane's choice as long as its key is used.
  passedOn: {
    always: ['openai-beta', 'idempotency-key'],
    besideOwnKey: ['openai-organization', 'openai-project'],
  },
  answerHeaders:
    /^(openai-(version|processing-ms|organization)|x-ratelimit-[a-z-]{1,64}|retry-after(-ms)?|x-should-retry)$/,
  authorize: (key) => ({ authorization: `Bearer ${key}` }),
  endpointOf: ({ method, path }) => (method === 'POST' && CHAT_PATHS.has(path) ? CHAT : undefined),
  envelope,
  errorHeaders: () => ({}),
};
