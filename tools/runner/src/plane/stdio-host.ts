import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cleanEnv, ComponentError, SupervisedProcess, type ProcessEvents } from '@behavry/components';
import { logFile, planeFolder, type PlaneSettings } from './plane-settings';

/** The MCP server of the demo that is reached over stdio: a command of its own, so that allowing it allows nothing else. */
export function filesystemCommand(root: string): string {
  return join(root, 'node_modules/.bin/mcp-server-filesystem');
}

/** Where mcp-proxy asks for stdio servers. */
export function stdioSocket({ socketFolder, name }: PlaneSettings): string {
  return join(socketFolder, `${name}-stdio.sock`);
}

/** The program that starts a plane's stdio servers, with nothing of the plane in its environment. */
export function stdioHost(settings: PlaneSettings, events: ProcessEvents): SupervisedProcess {
  const main = join(settings.root, 'dist', 'apps', 'stdio-host', 'main.js');
  if (!existsSync(main))
    throw new ComponentError('stdio-host', `stdio-host is not built (${main} is missing).`);
  const socket = stdioSocket(settings);
  return new SupervisedProcess(
    {
      name: 'stdio-host',
      command: process.execPath,
      args: [main],
      env: hostEnv(settings, process.env),
      cwd: planeFolder(settings),
      logFile: logFile(settings, 'stdio-host'),
      isReady: () => Promise.resolve(existsSync(socket)),
    },
    settings.ledger,
    events,
  );
}

/** @param given the person's environment; what it sets of stdio-host's own variables stays */
export function hostEnv(
  settings: PlaneSettings,
  given: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const own = Object.entries(given).filter(([name, value]) => {
    if (!value) return false;
    const secret = name.replace(/_(?:SERVERS|FILE)$/u, '');
    const isForServers = name.startsWith('BEHAVRY_SECRET_') && Boolean(given[`${secret}_SERVERS`]);
    return isForServers || name.startsWith('BEHAVRY_STDIO_') || name === 'BEHAVRY_LOG_LEVEL';
  }) as [string, string][];
  return {
    ...cleanEnv(),
    NODE_ENV: 'production',
    BEHAVRY_STDIO_DIR: join(planeFolder(settings), 'stdio'),
    BEHAVRY_STDIO_SECRETS_DIR: join(settings.secretsDir, 'mcp'),
    // Every plane on this machine has user ids of its own, as it has ports.
    BEHAVRY_STDIO_UID_BASE: String(20_000 + (settings.ports.base % 40_000)),
    BEHAVRY_STDIO_UID_COUNT: '50',
    ...(settings.hasDemoUpstreams ? demoList(settings) : {}),
    ...Object.fromEntries(own),
    BEHAVRY_STDIO_SOCKET: stdioSocket(settings),
  };
}

/** The demo's one command, and the one user when another could not be had, or could not read what it must. */
function demoList({ root, dataDir, name, say }: PlaneSettings): Record<string, string> {
  const command = filesystemCommand(root);
  const scratch = join(dataDir, 'scratch');
  const isRoot = process.getuid?.() === 0;
  const hasOwnUsers = isRoot && [command, dataDir].every(isOpenToAll);
  if (!hasOwnUsers) {
    const why = isRoot ? `other users cannot enter ${root} or ${dataDir}` : 'this is not root';
    say(`${name}: ${why}, so stdio servers run under the same user as the plane (see docs/security.md)`);
  }
  return {
    BEHAVRY_STDIO_COMMANDS: JSON.stringify([{ command, args: [scratch], servers: ['files'] }]),
    ...(hasOwnUsers ? {} : { BEHAVRY_STDIO_SAME_UID: 'true' }),
  };
}

function isOpenToAll(path: string): boolean {
  if (!existsSync(path)) return true;
  for (let at = path; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
