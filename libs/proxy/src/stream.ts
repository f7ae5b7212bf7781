import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** A client that takes nothing for so long is gone: what is held for it is held for nobody. */
const IDLE_WRITE_MS = 30_000;
const LAST_WORD_MS = 5_000;

/** Sends the head of an event stream at once, so that a client knows it has been heard. */
export function sendStreamHead(raw: ServerResponse, headers: Readonly<Record<string, string>>): void {
  raw.writeHead(200, {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-store, no-transform',
    'x-accel-buffering': 'no',
    ...headers,
  });
  raw.flushHeaders();
}

/**
 * Writes as fast as the client reads.
 * @returns false when it is gone, or takes nothing for 30 s; its connection is then closed
 */
export async function writeStream(
  raw: ServerResponse,
  text: string,
  idleMs = IDLE_WRITE_MS,
): Promise<boolean> {
  if (raw.destroyed || raw.writableEnded) return false;
  if (raw.write(text)) return true;
  // One signal for both listeners, so that neither outlives the wait.
  const over = new AbortController();
  const timer = setTimeout(() => raw.destroy(), idleMs);
  try {
    await Promise.race([
      once(raw, 'drain', { signal: over.signal }),
      once(raw, 'close', { signal: over.signal }),
    ]);
  } catch {
    // The connection failed; whether it is gone says the next line.
  } finally {
    clearTimeout(timer);
    over.abort();
  }
  return !raw.destroyed;
}

/** Says a last word and destroys the connection: what was broken off must not look complete. */
export function breakOff(raw: ServerResponse, text: string): void {
  const timer = setTimeout(() => raw.destroy(), LAST_WORD_MS);
  timer.unref();
  raw.write(text, () => {
    clearTimeout(timer);
    raw.destroy();
  });
}
