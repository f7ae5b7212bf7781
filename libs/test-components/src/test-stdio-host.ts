import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { cleanEnv, SupervisedProcess } from '@behavry/components';
import { tempDir } from './temp-dir';
import { testHome } from './test-ledger';
import { workspaceRoot } from './workspace-root';

/** A real stdio-host for tests, with user ids of its own when we are root. */
export interface TestStdioHost {
  readonly socket: string;
  readonly pid: number;
  /** Holds the servers' homes. */
  readonly folder: string;
  readonly secretsDir: string;
  readonly uidBase: number;
  /** What it has logged, as one text. */
  log(): string;
  /** Ends it; `SIGKILL` gives it no time. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface TestStdioHostOptions {
  /** The list of commands, as its variable holds it. */
  readonly commands: readonly object[];
  /** Further variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder of an earlier one. */
  readonly folder?: string;
  /** As root: the user to run it under instead. */
  readonly uid?: number;
}

let isBuilt = false;

/** Bundles the program as it is now and starts it. @throws ComponentError with its log when it does not start */
export async function startTestStdioHost({
  commands,
  env = {},
  folder = tempDir('stdio-'),
  uid,
}: TestStdioHostOptions): Promise<TestStdioHost> {
  const root = workspaceRoot();
  if (!isBuilt) execFileSync(process.execPath, [join(root, 'tools/build/build.mjs'), 'stdio-host']);
  isBuilt = true;
  const { ledger } = await testHome();
  const socket = join(folder, 'stdio.sock');
  const secretsDir = join(folder, 'secrets');
  mkdirSync(secretsDir, { recursive: true, mode: 0o700 });
  if (uid !== undefined) [folder, secretsDir].forEach((path) => chownSync(path, uid, uid));
  const logFile = join(folder, 'stdio-host.log');
  const isRoot = process.getuid?.() === 0;
  // No other test process that runs now has these.
  const uidBase = 300_000 + process.pid * 10;
  const host = new SupervisedProcess(
    {
      name: 'stdio-host',
      command: process.execPath,
      args: [join(root, 'dist/apps/stdio-host/main.js')],
      env: {
        ...cleanEnv(),
        BEHAVRY_STDIO_SOCKET: socket,
        BEHAVRY_STDIO_COMMANDS: JSON.stringify(commands),
        BEHAVRY_STDIO_DIR: join(folder, 'servers'),
        BEHAVRY_STDIO_SECRETS_DIR: secretsDir,
        ...(isRoot ? { BEHAVRY_STDIO_UID_BASE: String(uidBase), BEHAVRY_STDIO_UID_COUNT: '10' } : {}),
        ...(isRoot ? {} : { BEHAVRY_STDIO_SAME_UID: 'true' }),
        ...env,
      },
      logFile,
      ...(uid === undefined ? {} : { uid, gid: uid }),
      isReady: () => connects(socket),
      readyTimeoutMs: 20_000,
    },
    ledger,
  );
  await host.start();
  return {
    socket,
    pid: host.pid ?? 0,
    folder: join(folder, 'servers'),
    secretsDir,
    uidBase,
    log: () => readFileSync(logFile, 'utf8'),
    stop: (signal) => {
      if (signal !== undefined && host.pid !== undefined) {
        const { pid } = host;
        const stopped = host.stop();
        process.kill(pid, signal);
        return stopped;
      }
      return host.stop();
    },
  };
}

function connects(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
