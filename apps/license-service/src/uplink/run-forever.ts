import type { Logger } from '@behavry/platform';
import { pause } from './pause';

const AGAIN_MS = 5_000;

/**
 * Runs a part of the uplink to its end or to the signal. A fault in it is logged and the part begins anew:
 * nothing that happens out there may end the process.
 */
export async function runForever(
  name: string,
  part: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const isEnding = (): boolean => signal.aborted;
  while (!isEnding()) {
    try {
      await part(signal);
      return;
    } catch (error) {
      if (isEnding()) return;
      log.error({ err: error, part: name }, 'a part of the uplink failed; it begins anew');
      await pause(AGAIN_MS, signal);
    }
  }
}
