import { ANTHROPIC } from './anthropic/anthropic';
import type { Dialect, Endpoint, Place, Provider } from './dialect';
import { GEMINI } from './gemini/gemini';
import { OPENAI } from './openai/openai';

/** Ollama, as far as it must be refused in its own words: its envelope is a plain text. */
const OLLAMA: Provider = {
  id: 'ollama',
  tokenHeader: undefined,
  envelope: ({ message, reasonCode }) => ({ error: `${message} (${reasonCode})` }),
  errorHeaders: () => ({}),
};

/** Those that this proxy can speak to. */
export const DIALECTS: readonly Dialect[] = [OPENAI, ANTHROPIC];

/** @returns the endpoint of a request that was understood before, in this thread or another */
export function endpointAt(place: Place): Endpoint {
  const found = DIALECTS.find(({ id }) => id === place.provider)?.endpointOf(place);
  if (!found) throw new Error(`${place.provider} has no endpoint there`);
  return found;
}

/** Every provider that has a prefix here. */
export const PROVIDERS: readonly Provider[] = [OPENAI, ANTHROPIC, GEMINI, OLLAMA];
