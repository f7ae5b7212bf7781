import { readFileSync } from 'node:fs';
import { EnvHttpProxyAgent, type Agent, type Dispatcher } from 'undici';
import type { UplinkConfig } from '../config/uplink-config';

/**
 * The way from a data plane to its control plane: through `HTTPS_PROXY` where one is set and `NO_PROXY` does not name
 * the host, and trusting the authorities of `BEHAVRY_CONTROL_PLANE_CA_FILE` alone where that is set. Its owner closes
 * it.
 * @param options limits of the connections; `connect.timeout` in ms
 */
export function controlPlaneAgent(
  { controlPlaneCaFile, httpsProxy = '', noProxy = '' }: UplinkConfig,
  options: Pick<Agent.Options, 'connections' | 'keepAliveTimeout'> & { readonly connectMs: number },
): Dispatcher {
  const { connectMs, ...limits } = options;
  const tls = controlPlaneCaFile === undefined ? {} : { ca: readFileSync(controlPlaneCaFile) };
  return new EnvHttpProxyAgent({
    ...limits,
    // Nothing is taken from the environment but what was validated.
    httpProxy: '',
    httpsProxy,
    noProxy,
    connect: { timeout: connectMs, ...tls },
    requestTls: { timeout: connectMs, ...tls },
  });
}
