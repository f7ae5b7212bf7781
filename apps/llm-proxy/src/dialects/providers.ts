import { ANTHROPIC } from './anthropic/anthropic';
import type { Provider } from './dialect';
import { GEMINI } from './gemini/gemini';
import { OPENAI } from './openai/openai';

/** Ollama, as far as it must be refused in its own words: its envelope is a plain text. */
const OLLAMA: Provider = {
  id: 'ollama',
  tokenHeader: undefined,
  envelope: ({ message, reasonCode }) => ({ error: `${message} (${reasonCode})` }),
  errorHeaders: () => ({}),
};

/** Every provider that has a prefix here. */
export const PROVIDERS: readonly Provider[] = [OPENAI, ANTHROPIC, GEMINI, OLLAMA];
