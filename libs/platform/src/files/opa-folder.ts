import { join } from 'node:path';
import type { OpaFiles } from '@behavry/contracts';
import { readQuietly, writePrivately } from './private-file';

/** @returns where OPA's configuration lies in the folder of its files */
export function opaConfigFile(folder: string): string {
  return join(folder, 'opa.yaml');
}

/** @returns where OPA reads its token from, anew for every request */
export function opaTokenFile(folder: string): string {
  return join(folder, 'token');
}

/** @returns both files, or undefined while one of them is not there or empty */
export function readOpaFiles(folder: string): OpaFiles | undefined {
  const config = readQuietly(opaConfigFile(folder));
  const token = readQuietly(opaTokenFile(folder));
  return config && token ? { config, token } : undefined;
}

/** Writes both where they differ from what is there, for their owner's eyes only. */
export function writeOpaFiles(folder: string, { config, token }: OpaFiles): void {
  writeIfNew(opaTokenFile(folder), token);
  // The configuration comes last: OPA is started when it is there.
  writeIfNew(opaConfigFile(folder), config);
}

function writeIfNew(file: string, text: string): void {
  if (readQuietly(file) !== text) writePrivately(file, text);
}
