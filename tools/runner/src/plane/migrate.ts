import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { ComponentError, logSize, logTail } from '@behavry/components';
import type { ComponentAddresses } from './plane-components';
import { logFile, type PlaneSettings } from './plane-settings';

/**
 * Runs the plane's migration job and waits for it.
 * @throws ComponentError with the end of its log when it fails
 */
export async function migrate(
  settings: PlaneSettings,
  addresses: ComponentAddresses,
  env: Readonly<Record<string, string>>,
  main: string,
): Promise<void> {
  const file = logFile(settings, 'migrate');
  mkdirSync(dirname(file), { recursive: true });
  const start = logSize(file);
  const log = openSync(file, 'a', 0o600);
  const child = spawn(process.execPath, [main, '--migrate'], {
    stdio: ['ignore', log, log],
    env: { ...env, BEHAVRY_DB_URL: addresses.ownerUrl, BEHAVRY_ADMIN_PASSWORD: settings.adminPassword },
  });
  closeSync(log);
  const end = (): boolean => child.kill();
  process.once('exit', end);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  process.off('exit', end);
  if (code === 0) return;
  throw new ComponentError(
    'migrate',
    `${settings.name}: the migration ended with code ${code}.\n${logTail(file, start)}\nWhole log: ${file}`,
  );
}
