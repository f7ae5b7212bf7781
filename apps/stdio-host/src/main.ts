import { existsSync, mkdirSync, statSync } from 'node:fs';
import {
  processEnvironment,
  runProgram,
  UpstreamSecrets,
  type Logger,
  type Running,
} from '@behavry/platform';
import { StdioHost } from './host/stdio-host';
import { ServerHomes } from './process/server-homes';
import { loadSettings, StdioHostConfig, type HostSettings } from './stdio-host.config';

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/** @returns why no server may be started with these settings, undefined when they may */
function refusalOf({ isSameUid, secretsDir }: StdioHostConfig, isRoot: boolean): string | undefined {
  if (isSameUid) return undefined;
  if (!isRoot)
    return 'stdio-host is not root, so every server would run under its user; set BEHAVRY_STDIO_SAME_UID=true to accept that';
  return existsSync(secretsDir) && (statSync(secretsDir).mode & 0o077) !== 0
    ? `${secretsDir} may be read by other users, and so by the servers; run chmod 0700 on it`
    : undefined;
}

async function start({ config, commands }: HostSettings, log: Logger): Promise<Running> {
  const isRoot = process.getuid?.() === 0;
  const refusal = refusalOf(config, isRoot);
  if (refusal !== undefined) log.error({ refusal }, 'no server will be started');
  else if (config.isSameUid)
    log.warn(
      'servers run under the user of stdio-host: they can read each other’s secrets and what this user can',
    );
  mkdirSync(config.folder, { recursive: true, mode: 0o711 });
  const environment = processEnvironment();
  const host = new StdioHost({
    socket: config.socket,
    ...(config.socketGid === undefined ? {} : { socketGid: config.socketGid }),
    commands,
    secrets: new UpstreamSecrets(environment, config.secretsDir),
    homes: new ServerHomes(
      config.folder,
      isRoot && !config.isSameUid ? { base: config.uidBase, count: config.uidCount } : undefined,
    ),
    searchPath: environment['PATH'] ?? DEFAULT_PATH,
    maxProcesses: config.maxProcesses,
    refusal,
    log,
  });
  await host.listen();
  log.info({ socket: config.socket, commands: commands.length }, 'listening');
  return { stop: () => host.close() };
}

void runProgram({
  name: 'stdio-host',
  config: StdioHostConfig,
  load: loadSettings,
  logLevelOf: ({ config }) => config.logLevel,
  start,
});
