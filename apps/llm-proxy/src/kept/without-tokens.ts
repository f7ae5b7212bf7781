import type { Endpoint } from '../dialects/dialect';

/** @returns an endpoint that counts nothing of a stream: it was counted when it was paid for */
export function withoutTokens(endpoint: Endpoint): Endpoint {
  return {
    ...endpoint,
    readChunk: (frame) => {
      const chunk = endpoint.readChunk(frame);
      return chunk && { ...chunk, tokens: undefined };
    },
  };
}
