import { randomInt } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** Whether a TCP port of 127.0.0.1 can be listened on now. */
export async function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/**
 * The first of a block of ports of 127.0.0.1 that were all free a moment ago. Below the range that systems take ports
 * for outgoing connections and for {@link freePort} from, so that nobody takes one by chance before it is listened on.
 */
export async function freePortBlock(count: number): Promise<number> {
  for (;;) {
    const first = 12_000 + 10 * randomInt(1_900);
    const ports = Array.from({ length: count }, (_, step) => first + step);
    if ((await Promise.all(ports.map(isPortFree))).every(Boolean)) return first;
  }
}
