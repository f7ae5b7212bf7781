import { processEnvironment, runProgram, type Logger, type Running } from '@behavry/platform';
import { FilesFetcher } from './files/files-fetcher';
import { OpaFactory } from './opa/opa-factory';
import { OpaKeeper } from './opa/opa-keeper';
import { loadSettings, OpaKeeperConfig, type KeeperSettings } from './opa-keeper.config';
import { KeeperMetrics } from './ops/keeper-metrics';
import { OpsPort } from './ops/ops-port';

async function start(settings: KeeperSettings, log: Logger): Promise<Running> {
  const { config } = settings;
  const { filesUrl: url, token, filesDir: folder } = config;
  const metrics = new KeeperMetrics();
  const factory = new OpaFactory(settings, processEnvironment(), log, () => metrics.restarted());
  const keeper = new OpaKeeper(settings, factory, metrics, log);
  const fetcher =
    url === undefined || token === undefined ? undefined : new FilesFetcher({ url, token, folder }, log);
  const ops = new OpsPort(keeper, metrics);
  await ops.listen(config.opsHost, config.opsPort);
  return {
    ended: Promise.all([keeper.run(), fetcher?.run()]),
    stop: async () => {
      await Promise.all([keeper.stop(), fetcher?.stop()]);
      // Health answers to the end: it says that this one is going.
      ops.close();
    },
  };
}

void runProgram({
  name: 'opa-keeper',
  config: OpaKeeperConfig,
  load: loadSettings,
  logLevelOf: ({ config }) => config.logLevel,
  start,
});
