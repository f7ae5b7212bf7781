import { ANTHROPIC } from './anthropic/anthropic';
import type { Dialect, Endpoint, Place, Provider } from './dialect';
import { GEMINI } from './gemini/gemini';
import { OLLAMA } from './ollama/ollama';
import { OPENAI } from './openai/openai';

/** Those that this proxy can speak to. */
export const DIALECTS: readonly Dialect[] = [OPENAI, ANTHROPIC, GEMINI, OLLAMA];

/** @returns the endpoint of a request that was understood before, in this thread or another */
export function endpointAt(place: Place): Endpoint {
  const found = DIALECTS.find(({ id }) => id === place.provider)?.endpointOf(place);
  if (!found) throw new Error(`${place.provider} has no endpoint there`);
  return found;
}

/** Every provider that has a prefix here. */
export const PROVIDERS: readonly Provider[] = DIALECTS;
