import type { Dialect, Endpoint, Target } from '../dialect';
import { queryOf } from '../reading';
import { countTokens, embedContent, generateContent, models, streamContent } from './endpoints';
import { envelope } from './envelope';

const PATH = /^\/(v1|v1beta|v1alpha)\/models(?:\/([A-Za-z0-9][\w.-]{0,127})(?::([A-Za-z]{1,32}))?)?$/;

const TOKEN = 'key';
/** Members of a query that are understood, and how they may be written. */
const QUERY: ReadonlyMap<string, RegExp> = new Map([
  ['alt', /^sse$/],
  // A token of the agent's or a key: whoever reads it, it does not go on.
  [TOKEN, /^[^&#\s]{0,4096}$/],
  ['pageSize', /^\d{1,5}$/],
  ['pageToken', /^(?:[\w.~-]|%(?:2[BbFf]|3[Dd])){0,512}$/],
]);

/** Gemini, and what speaks like it. */
export const GEMINI: Dialect = {
  id: 'gemini',
  tokenHeader: 'x-goog-api-key',
  tokenParameter: TOKEN,
  keyHeader: 'x-gemini-key',
  // Whose project pays is the plane's choice as long as its key is used.
  passedOn: { always: ['x-goog-api-client', 'x-server-timeout'], besideOwnKey: ['x-goog-user-project'] },
  answerHeaders: /^(server-timing|x-gemini-[a-z-]{1,64}|retry-after)$/,
  authorize: (key) => ({ 'x-goog-api-key': key }),
  isKeyFault: (status, bytes) => status === 400 && bytes.includes('API_KEY_INVALID'),
  endpointOf: (target) => {
    const query = queryOf(target.query, QUERY);
    query?.delete(TOKEN);
    return query && endpointFor(target, query);
  },
  envelope,
  errorHeaders: () => ({}),
};

function endpointFor({ method, path }: Target, query: Map<string, string>): Endpoint | undefined {
  const [whole, version = '', model = '', verb] = PATH.exec(path) ?? [];
  if (whole === undefined || model.includes('..')) return undefined;
  const addressed = { version, model };
  if (method === 'GET' && verb === undefined) {
    const isAsked = [...query.keys()].every((name) => model === '' && name !== 'alt');
    return isAsked ? models(addressed, query) : undefined;
  }
  const isEvents = query.delete('alt');
  if (method !== 'POST' || query.size > 0 || (isEvents && verb !== 'streamGenerateContent')) return undefined;
  if (verb === 'generateContent') return generateContent(addressed);
  if (verb === 'streamGenerateContent') return streamContent(addressed, !isEvents);
  if (verb === 'countTokens') return countTokens(addressed);
  if (verb === 'embedContent') return embedContent(addressed, false);
  return verb === 'batchEmbedContents' ? embedContent(addressed, true) : undefined;
}
