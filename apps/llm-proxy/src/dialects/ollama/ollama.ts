import type { Dialect } from '../dialect';
import { OPENAI } from '../openai/openai';
import { endpointOf } from './endpoints';
import { envelope } from './envelope';

/** Ollama, and what speaks like it. */
export const OLLAMA: Dialect = {
  id: 'ollama',
  tokenHeader: undefined,
  keyHeader: 'x-ollama-key',
  passedOn: { always: [], besideOwnKey: [] },
  answerHeaders: /^retry-after$/,
  authorize: (key) => ({ authorization: `Bearer ${key}` }),
  endpointOf,
  envelope: (facts, path) => (path.startsWith('/v1/') ? OPENAI.envelope(facts, path) : envelope(facts)),
  errorHeaders: () => ({}),
};
