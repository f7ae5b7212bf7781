import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '../net/wait-until';
import { commandLine, isRunning } from '../process/process-identity';

/**
 * Ends a server that a killed run left working on a data folder, which would refuse the next one.
 * It is known by `postmaster.pid` and by the folder in its own command line.
 * @returns whether there was one
 */
export async function endLeftServer(dataFolder: string): Promise<boolean> {
  const pid = postmasterPid(dataFolder);
  if (pid === undefined || !(commandLine(pid) ?? '').includes(dataFolder)) return false;
  // SIGINT is a fast shutdown: connections are cut, everything committed is kept.
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return true;
    }
    if (await waitUntil(() => !isRunning(pid), { timeoutMs: 10_000 })) return true;
  }
  return true;
}

function postmasterPid(dataFolder: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}
