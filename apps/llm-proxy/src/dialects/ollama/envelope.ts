import type { ErrorFacts } from '../dialect';

/** @returns an error as Ollama words it: a plain text */
export function envelope({ message, reasonCode }: ErrorFacts): object {
  return { error: `${message} (${reasonCode})` };
}
