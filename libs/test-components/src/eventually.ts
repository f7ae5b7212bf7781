import { setTimeout as delay } from 'node:timers/promises';

/**
 * Runs an expectation again and again until it stops throwing.
 * @returns what it returned
 * @throws its last error when it still fails after `timeoutMs` (10 s)
 */
export async function eventually<T>(
  expectation: () => Promise<T> | T,
  { timeoutMs = 10_000, everyMs = 25 }: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await expectation();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await delay(everyMs);
    }
  }
}
