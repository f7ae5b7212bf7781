import {
  ConfigError,
  createLogger,
  describeConfig,
  processEnvironment,
  type Logger,
} from '@behavry/platform';
import { FilesFetcher } from './files/files-fetcher';
import { OpaFactory } from './opa/opa-factory';
import { OpaKeeper } from './opa/opa-keeper';
import { loadSettings, OpaKeeperConfig, type KeeperSettings } from './opa-keeper.config';
import { KeeperMetrics } from './ops/keeper-metrics';
import { OpsPort } from './ops/ops-port';

const APP = 'opa-keeper';

async function serve(settings: KeeperSettings, log: Logger): Promise<void> {
  const { config } = settings;
  const { filesUrl: url, token, filesDir: folder } = config;
  const metrics = new KeeperMetrics();
  const factory = new OpaFactory(settings, processEnvironment(), log, () => metrics.restarted());
  const keeper = new OpaKeeper(settings, factory, metrics, log);
  const fetcher =
    url === undefined || token === undefined ? undefined : new FilesFetcher({ url, token, folder }, log);
  const ops = new OpsPort(keeper, metrics);
  let isStopping = false;
  const stop = (signal: string): void => {
    if (isStopping) return;
    isStopping = true;
    log.info({ signal }, 'stopping');
    // Health answers to the end: it says that this one is going.
    void Promise.all([keeper.stop(), fetcher?.stop()]).then(() => {
      ops.close();
      process.exit(0);
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await ops.listen(config.opsHost, config.opsPort);
  await Promise.all([keeper.run(), fetcher?.run()]);
}

/** Ends the process: 2 for faults of the configuration, 1 when it could not start or go on. */
async function main(): Promise<void> {
  if (process.argv.includes('--describe-config')) {
    process.stdout.write(`${JSON.stringify(describeConfig(APP, OpaKeeperConfig))}\n`);
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
