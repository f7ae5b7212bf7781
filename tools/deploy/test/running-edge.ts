import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  freePortBlock,
  httpRequest,
  nginxFolder,
  startTestNginx,
  testCertificate,
  type OpenEdge,
} from '@behavry/testing';
import { apiListener, edgeConfig, type EdgeOptions } from '../src/edge/edge-config';

/** An nginx with a generated configuration, on ports of its own. */
export interface RunningEdge extends OpenEdge {
  readonly httpsPort: number;
  readonly redirectPort: number;
  readonly healthPort: number;
  log(): string;
}

let certificates: string | undefined;

/**
 * Starts a generated edge on loopback.
 * @param isApiTls for an edge whose `api` is included: which of the two files it includes
 */
export async function startEdge(options: EdgeOptions, isApiTls = false): Promise<RunningEdge> {
  certificates ??= testCertificate();
  const folder = nginxFolder();
  const first = await freePortBlock(4);
  const [apiPort, httpsPort, redirectPort, healthPort] = [first, first + 1, first + 2, first + 3];
  const place = {
    host: '127.0.0.1:',
    ...{ apiPort, httpsPort, redirectPort, healthPort, certificates },
    scratch: folder,
    trustedProxies: join(folder, 'trusted-proxies', '*.conf'),
    ...options.place,
  };
  const files = {
    'nginx.conf': edgeConfig({ ...options, place }),
    'api.conf': apiListener(isApiTls, place),
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const nginx = await startTestNginx(folder, 'nginx.conf', () => answers(healthPort));
  return {
    ...{ port: apiPort, httpsPort, redirectPort, healthPort },
    log: () => nginx.log(),
    close: () => nginx.stop(),
  };
}

async function answers(port: number): Promise<boolean> {
  return httpRequest(port, '/').then(
    ({ status }) => status === 200,
    () => false,
  );
}
