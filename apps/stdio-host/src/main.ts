import { existsSync, mkdirSync, statSync } from 'node:fs';
import {
  ConfigError,
  createLogger,
  describeConfig,
  processEnvironment,
  UpstreamSecrets,
  type Logger,
} from '@behavry/platform';
import { StdioHost } from './host/stdio-host';
import { ServerHomes } from './process/server-homes';
import { loadSettings, StdioHostConfig, type HostSettings } from './stdio-host.config';

const APP = 'stdio-host';
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

async function serve({ config, commands }: HostSettings, log: Logger): Promise<void> {
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
  let isStopping = false;
  const stop = (signal: string): void => {
    if (isStopping) return;
    isStopping = true;
    log.info({ signal }, 'stopping');
    void host.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await host.listen();
  log.info({ socket: config.socket, commands: commands.length }, 'listening');
}

/** Ends the process: 2 for faults of the configuration, 1 when it could not start. */
async function main(): Promise<void> {
  if (process.argv.includes('--describe-config')) {
    process.stdout.write(`${JSON.stringify(describeConfig(APP, StdioHostConfig))}\n`);
    return;
  }
  try {
    const settings = loadSettings(processEnvironment());
    await serve(settings, createLogger(APP, settings.config.logLevel, {}));
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`${APP}: ${error.message}\n`);
      process.exit(2);
    }
    createLogger(APP, 'error', {}).fatal({ err: error }, 'could not start');
    process.exit(1);
  }
}

void main();
