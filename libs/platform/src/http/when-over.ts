import type { ServerResponse } from 'node:http';

/**
 * Calls back once when a response is over: sent whole, or its client gone. Also when that was so before: a handler
 * that waited for something first would never hear of it from the event alone.
 */
export function whenOver(response: ServerResponse, act: () => void): void {
  if (response.destroyed || response.writableFinished) act();
  else response.once('close', act);
}

/** @returns a signal that aborts when a response is over, see {@link whenOver} */
export function overSignal(response: ServerResponse): AbortSignal {
  const over = new AbortController();
  whenOver(response, () => {
    over.abort();
  });
  return over.signal;
}
