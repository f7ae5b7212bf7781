import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnv, ComponentError, findOnPath, SupervisedProcess } from '@behavry/components';
import { tempDir } from './temp-dir';
import { testHome } from './test-ledger';

/** A real nginx for tests. */
export interface TestNginx {
  /** What it has logged, as one text. */
  log(): string;
  stop(): Promise<void>;
}

/** The nginx of this machine; Debian puts it where the PATH of a plain user does not lead. */
export function nginxCommand(): string | undefined {
  return findOnPath('nginx') ?? ['/usr/sbin/nginx'].find((file) => existsSync(file));
}

/** A folder that nginx may write to: as root it runs as the plain user that it is in its container. */
export function nginxFolder(): string {
  const folder = tempDir('nginx-');
  giveAway(folder);
  return folder;
}

/**
 * Starts nginx with a configuration that keeps it in the foreground and listens on loopback.
 * @param folder made by `nginxFolder`
 * @param file the configuration, in that folder
 * @param isReady asked until it answers yes
 * @throws ComponentError when the machine has no nginx, or with its log when it does not start
 */
export async function startTestNginx(
  folder: string,
  file: string,
  isReady: () => Promise<boolean>,
): Promise<TestNginx> {
  const command = nginxCommand();
  if (command === undefined) throw new ComponentError('nginx', 'install the package nginx-light');
  const { ledger } = await testHome();
  const logFile = join(folder, 'nginx.log');
  writeFileSync(logFile, '');
  giveAway(logFile);
  const nginx = new SupervisedProcess(
    {
      name: 'nginx',
      command,
      args: ['-e', 'stderr', '-c', join(folder, file)],
      env: cleanEnv(),
      logFile,
      ...(isRoot() ? { uid: USER, gid: USER } : {}),
      isReady,
      readyTimeoutMs: 20_000,
    },
    ledger,
  );
  await nginx.start();
  return { log: () => readFileSync(logFile, 'utf8'), stop: () => nginx.stop() };
}

/** Makes a certificate of a day for `localhost`. @returns the folder of `tls.crt` and `tls.key` */
export function testCertificate(): string {
  const folder = nginxFolder();
  const [key, certificate] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', certificate], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  [key, certificate].forEach(giveAway);
  return folder;
}

const USER = 1000;

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function giveAway(path: string): void {
  if (isRoot()) chownSync(path, USER, USER);
}
