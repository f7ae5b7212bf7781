import type { Dialect, Endpoint, Target } from '../dialect';
import { CHAT } from './chat';
import { envelope } from './envelope';
import { MODELS, oneModel } from './models';
import { RESPONSES } from './responses';
import { COMPLETIONS, EMBEDDINGS, MODERATIONS } from './texts';

const POSTED: ReadonlyMap<string, Endpoint> = new Map([
  ['/chat/completions', CHAT],
  ['/responses', RESPONSES],
  ['/completions', COMPLETIONS],
  ['/embeddings', EMBEDDINGS],
  ['/moderations', MODERATIONS],
]);

/** Behind the prefix SDKs have `/v1` in their base URL, or not. */
function endpointOf({ method, path, query }: Target): Endpoint | undefined {
  if (query !== '') return undefined;
  const own = path.startsWith('/v1/') ? path.slice('/v1'.length) : path;
  if (method === 'POST') return POSTED.get(own);
  if (method !== 'GET') return undefined;
  return own === '/models'
    ? MODELS
    : own.startsWith('/models/')
      ? oneModel(own.slice('/models/'.length))
      : undefined;
}

/** OpenAI, and what speaks like it. */
export const OPENAI: Dialect = {
  id: 'openai',
  tokenHeader: undefined,
  keyHeader: 'x-openai-key',
  // Whose account pays is the plane's choice as long as its key is used.
  passedOn: {
    always: ['openai-beta'],
    // One agent's key of a try could bring it the answer to another's.
    besideOwnKey: ['idempotency-key', 'openai-organization', 'openai-project'],
  },
  answerHeaders:
    /^(openai-(version|processing-ms)|x-ratelimit-[a-z-]{1,64}|retry-after(-ms)?|x-should-retry)$/,
  authorize: (key) => ({ authorization: `Bearer ${key}` }),
  endpointOf,
  envelope,
  errorHeaders: () => ({}),
};
