/** The dialects this proxy speaks, each under `/api/v1/<provider>`. */
export const PROVIDERS = ['openai', 'anthropic', 'gemini', 'ollama'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** Header in which the provider's own SDK puts its key, besides `Authorization`: there the agent's token comes. */
export const TOKEN_HEADER: Readonly<Record<Provider, string | undefined>> = {
  openai: undefined,
  anthropic: 'x-api-key',
  gemini: 'x-goog-api-key',
  ollama: undefined,
};

const CHAT_COMPLETIONS = new Set(['/v1/chat/completions', '/chat/completions']);

/** What a request asks for; `unsupported` is everything that is not understood, which is refused. */
export type Endpoint = 'chat-completions' | 'unsupported';

/**
 * @param path behind the provider's prefix, without query, for example `/v1/chat/completions`
 * @param isUpgrade whether the client asks for another protocol on this connection
 */
export function endpointOf(provider: Provider, method: string, path: string, isUpgrade: boolean): Endpoint {
  const isKnown = provider === 'openai' && method === 'POST' && !isUpgrade && CHAT_COMPLETIONS.has(path);
  return isKnown ? 'chat-completions' : 'unsupported';
}

const PLAIN_PATH = /^\/[A-Za-z0-9/_.:-]{1,127}$/;

/** @returns method and path for an audit row, or the method alone when the path could carry a payload */
export function endpointName(method: string, path: string): string {
  return PLAIN_PATH.test(path) ? `${method} ${path}` : method;
}
