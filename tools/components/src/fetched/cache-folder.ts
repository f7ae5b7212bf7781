import { homedir } from 'node:os';
import { join } from 'node:path';

/** @returns the user's folder for what is fetched once and kept, in names that hold the version */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'behavry');
}
