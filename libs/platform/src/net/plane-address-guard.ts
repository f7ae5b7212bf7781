import type { ProxyConfig } from '../config/proxy-config';
import { AddressGuard } from './address-guard';

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'postgres:': 5432,
  'postgresql:': 5432,
  'redis:': 6379,
  'rediss:': 6379,
};

/**
 * @param allowed what the operator lists; when nothing is, public and loopback in standalone, nothing on a data plane
 * @returns where URLs that a signed document names may lead on this plane, never to the plane's own ports
 */
export function planeAddressGuard(config: ProxyConfig, allowed: readonly string[] | undefined): AddressGuard {
  const urls = [config.dbUrl, config.redisUrl, config.opaUrl, config.escalationOpsUrl];
  return new AddressGuard({
    allowed: allowed ?? (config.mode === 'standalone' ? ['public', 'loopback'] : []),
    ownPorts: [
      config.port,
      config.port + 1,
      ...config.planePorts.flatMap(portsOf),
      ...urls.flatMap((url) => (url !== undefined && URL.canParse(url) ? (portOf(new URL(url)) ?? []) : [])),
    ],
  });
}

function portOf({ port, protocol }: URL): number | undefined {
  return port === '' ? DEFAULT_PORTS[protocol] : Number(port);
}

function portsOf(text: string): number[] {
  const [first = 0, last = first] = text.split('-').map(Number);
  return Array.from(
    { length: Math.max(0, Math.min(last, 65_535) - first + 1) },
    (_one, index) => first + index,
  );
}
