import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Whether a TCP port of 127.0.0.1 can be listened on now. */
export async function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/**
 * A TCP port of 127.0.0.1 that was free a moment ago. Below the range that systems take ports for outgoing connections
 * from, so that nobody takes it by chance before it is listened on; above the last port that `fetch` refuses (10080).
 */
export function freePort(): Promise<number> {
  return drawn(20_000, 32_000, 1);
}

/** The first of a block of such ports, of a range of their own. */
export function freePortBlock(count: number): Promise<number> {
  return drawn(10_100, 20_000, count);
}

async function drawn(from: number, to: number, count: number): Promise<number> {
  for (;;) {
    const first = randomInt(from, to - count);
    const ports = Array.from({ length: count }, (_, step) => first + step);
    if ((await Promise.all(ports.map(isPortFree))).every(Boolean)) return first;
  }
}
