import { ComponentError } from '@behavry/components';
import { DataFolder } from './runner/data-folder';
import { parseOptions } from './runner/options';
import { printSummary } from './runner/print-summary';
import { Run } from './runner/run';
import { say } from './runner/say';

/** All of a stop takes at most 15 s; what is left then is killed. */
const STOP_BUDGET_MS = 14_000;

/** `npm start`, after everything is installed and built. @param root workspace root */
async function main(root: string): Promise<void> {
  const options = parseOptions(process.argv.slice(2), root);
  const folder = new DataFolder(options.dataDir);
  const ended = await folder.take();
  if (ended.length > 0) say(`ended what an earlier run had left: ${ended.join(', ')}`);
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => (fail = reject));
  const run = new Run(root, options, folder, (error) => fail(error));
  const asked = askedToStop();
  try {
    const isReady = run.start().then(() => true);
    if (await Promise.race([isReady, failed, asked])) printSummary(run.content, options.dataDir);
    // Nothing may be left unheard when the start is cut short.
    void isReady.catch(() => undefined);
    await Promise.race([asked, failed]);
  } finally {
    say('stopping');
    await stop(run, folder);
  }
}

async function stop(run: Run, folder: DataFolder): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), STOP_BUDGET_MS)));
  const result = await Promise.race([run.stop(), late]);
  clearTimeout(timer);
  // Also what a start that was cut short had just begun.
  const left = await folder.ledger.endLeftovers(result === 'late' ? 0 : 1_000);
  if (left.length > 0) say(`had to end ${left.join(', ')}`);
  folder.release();
  say('stopped');
}

/** Resolves with false when the person or the system asks this process to end, or the npm above it has gone. */
function askedToStop(): Promise<false> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(false));
    // The shell that npm puts between may swallow a signal; then its end is the sign.
    const parent = process.ppid;
    if (process.env['npm_lifecycle_event'] !== undefined) {
      setInterval(() => process.ppid !== parent && resolve(false), 500).unref();
    }
  });
}

function explain(error: unknown): string {
  if (error instanceof ComponentError) return error.message;
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return `The disk is full (${message}). Make room, or choose another --data-dir.`;
  if (code === 'EACCES' || code === 'EROFS') return `${message}. Choose another --data-dir.`;
  return error instanceof Error
    ? process.env['BEHAVRY_LOG_LEVEL'] === 'debug'
      ? (stack ?? message)
      : message
    : String(error);
}

void main(process.env['BEHAVRY_ROOT'] ?? process.cwd()).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`\n${explain(error)}\n`);
    process.exit(1);
  },
);
