import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or ends early when the signal does. Never fails, never keeps the process alive. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
