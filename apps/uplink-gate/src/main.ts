import { ConfigError, createLogger, describeConfig, loadConfig, processEnvironment } from '@behavry/platform';
import { placeOf, UplinkGate } from './gate';
import { UplinkGateConfig } from './uplink-gate.config';

const APP = 'uplink-gate';

async function serve({ controlPlaneUrl, httpsProxy, host, port, logLevel }: UplinkGateConfig): Promise<void> {
  const log = createLogger(APP, logLevel, {});
  const place = placeOf(controlPlaneUrl);
  const gate = new UplinkGate({
    place,
    log,
    ...(httpsProxy === undefined ? {} : { proxy: new URL(httpsProxy) }),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping');
      void gate.close().then(() => process.exit(0));
    });
  }
  await gate.listen(host, port);
  log.info({ port, leads_to: place, has_further_proxy: httpsProxy !== undefined }, 'listening');
}

/** Ends the process: 2 for faults of the configuration, 1 when it could not start. */
async function main(): Promise<void> {
  if (process.argv.includes('--describe-config')) {
    process.stdout.write(`${JSON.stringify(describeConfig(APP, UplinkGateConfig))}\n`);
    return;
  }
  try {
    await serve(loadConfig(UplinkGateConfig, processEnvironment()));
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
