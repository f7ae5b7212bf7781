import { loadConfig, runProgram, type Logger, type Running } from '@behavry/platform';
import { placeOf, UplinkGate } from './gate';
import { UplinkGateConfig } from './uplink-gate.config';

async function start(
  { controlPlaneUrl, httpsProxy, host, port }: UplinkGateConfig,
  log: Logger,
): Promise<Running> {
  const place = placeOf(controlPlaneUrl);
  const gate = new UplinkGate({
    place,
    log,
    ...(httpsProxy === undefined ? {} : { proxy: new URL(httpsProxy) }),
  });
  await gate.listen(host, port);
  log.info({ port, leads_to: place, has_further_proxy: httpsProxy !== undefined }, 'listening');
  return { stop: () => gate.close() };
}

void runProgram({
  name: 'uplink-gate',
  config: UplinkGateConfig,
  load: (environment) => loadConfig(UplinkGateConfig, environment),
  logLevelOf: ({ logLevel }) => logLevel,
  start,
});
