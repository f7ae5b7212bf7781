import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * OPAs that a killed keeper has left: they listen where ours would, and their parent is no keeper any more. In a
 * container there are none, because all its processes end with the first one.
 * @param isOurs whether an `--addr` is one of this keeper's
 * @returns their process ids; none where there is no /proc
 */
export function leftOpas(isOurs: (address: string) => boolean): readonly number[] {
  const own = commandLine('self');
  return processIds().filter((pid) => {
    const args = commandLine(String(pid));
    const isOpa =
      args.includes('--server') && args.some((arg, at) => args[at - 1] === '--addr' && isOurs(arg));
    return isOpa && commandLine(parentOf(pid)).join('\0') !== own.join('\0');
  });
}

function processIds(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function commandLine(pid: string): readonly string[] {
  return read(pid, 'cmdline').split('\0');
}

function parentOf(pid: number): string {
  const stat = read(String(pid), 'stat');
  // The second field is the command in brackets and may hold spaces.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '';
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(join('/proc', pid, file), 'utf8');
  } catch {
    return '';
  }
}
