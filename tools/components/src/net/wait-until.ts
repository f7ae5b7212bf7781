import { setTimeout as delay } from 'node:timers/promises';

/** How to wait: for at most `timeoutMs`, looking every `everyMs` (50). */
export interface WaitOptions {
  readonly timeoutMs: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Looks again and again until a condition holds.
 * @returns true when it held in time, false otherwise; a thrown error counts as "not yet"
 */
export async function waitUntil(
  holds: () => Promise<boolean> | boolean,
  { timeoutMs, everyMs = 50, signal }: WaitOptions,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (await attempt(holds)) return true;
    if (signal?.aborted === true || performance.now() >= deadline) return false;
    await delay(everyMs);
  }
}

async function attempt(holds: () => Promise<boolean> | boolean): Promise<boolean> {
  try {
    return await holds();
  } catch {
    return false;
  }
}
