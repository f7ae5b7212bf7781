import type { ChatRequest } from './chat-request';

const MEMBER = '"stream_options":{"include_usage":true}';

/**
 * Asks the provider to count tokens of a stream. Everything else of the body stays byte for byte when it
 * has no `stream_options` of its own.
 * @param request a request that streams and does not want usage itself
 * @returns the body to send
 */
export function withUsage({ text, body }: Pick<ChatRequest, 'text' | 'body'>): string {
  if (!Object.hasOwn(body, 'stream_options')) {
    const end = text.lastIndexOf('}');
    return `${text.slice(0, end)},${MEMBER}${text.slice(end)}`;
  }
  const own = body['stream_options'];
  return JSON.stringify({ ...body, stream_options: { ...(own as object | null), include_usage: true } });
}
