import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { cleanEnv } from '../process/clean-env';

/** The release that is fetched when the machine has none. */
export const OPA_VERSION = '1.22.2';
/** Older ones silently leave out some rules, a denial among them (docs/adr/0011-opa.md). */
export const OLDEST_OPA = '1.22.2';

/** The version that an `opa` command reports. @returns undefined when it does not run */
export async function opaVersion(command: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, ['version'], { env: cleanEnv(), timeout: 20_000 });
    return /^Version:\s*v?(\d+\.\d+\.\d+)/mu.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

/** Whether version `a` is `b` or newer; both `major.minor.patch`. */
export function isAtLeast(a: string, b: string): boolean {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let at = 0; at < 3; at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
