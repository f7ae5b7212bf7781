import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { WorkerPool, type Jobs } from '@behavry/pipeline';
import type { ProxyConfig, ServiceContext } from '@behavry/platform';

const FILE = 'large-worker.js';
/** So that one hard message does not stand before all others. */
const THREADS = 2;

/**
 * Opens the threads in which a proxy reads large messages; they close with the service.
 * @param folder of the file that is running: the bundle, or the app's sources under test
 * @throws Error when the thread's bundle is not there
 */
export function openLargeWork<J extends Jobs>(
  context: ServiceContext<ProxyConfig>,
  folder: string,
): WorkerPool<J> {
  const { app, keys, log } = context;
  const places = [join(folder, FILE), join(folder, '..', '..', '..', 'dist', 'apps', app, FILE)];
  const file = places.find((place) => existsSync(place));
  if (file === undefined) throw new Error(`${FILE} is not beside ${app}: bundle the app anew`);
  const pool = new WorkerPool<J>({
    file,
    digestKey: keys.derive('audit-digest'),
    threads: THREADS,
    onFault: (fault) => {
      log.warn({ fault }, 'a large message could not be read in its thread and is refused');
    },
  });
  context.onClose('large-work', () => pool.close());
  return pool;
}
