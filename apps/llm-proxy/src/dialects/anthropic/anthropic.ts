import type { Dialect, Endpoint } from '../dialect';
import { envelope } from './envelope';
import { COUNT_TOKENS, MESSAGES } from './messages';
import { modelsAt } from './models';

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map([
  ['/v1/messages', MESSAGES],
  ['/v1/messages/count_tokens', COUNT_TOKENS],
]);
const LIST = /^\/v1\/models(?:\/|$)/;
/** Older SDKs say so when betas are asked for; the header decides. */
const BETA = 'beta=true';

/** Anthropic, and what speaks like it. */
export const ANTHROPIC: Dialect = {
  id: 'anthropic',
  tokenHeader: 'x-api-key',
  keyHeader: 'x-anthropic-key',
  passedOn: {
    always: ['anthropic-version', 'anthropic-beta'],
    besideOwnKey: ['anthropic-workspace-id', 'anthropic-user-profile-id'],
  },
  answerHeaders:
    /^(request-id|anthropic-(organization-id|ratelimit-[a-z-]{1,64})|retry-after(-ms)?|x-should-retry)$/,
  authorize: (key) => ({ 'x-api-key': key }),
  endpointOf: ({ method, path, query }) => {
    if (method === 'GET') return LIST.test(path) ? modelsAt(path, query) : undefined;
    const endpoint = method === 'POST' && (query === '' || query === BETA) ? ENDPOINTS.get(path) : undefined;
    return endpoint && query !== '' ? { ...endpoint, path: `${endpoint.path}?${query}` } : endpoint;
  },
  envelope,
  errorHeaders: ({ requestId }) => ({ 'request-id': requestId }),
};
