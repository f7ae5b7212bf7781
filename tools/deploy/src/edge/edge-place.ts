import type { AppName } from '@behavry/contracts';

/** Where an edge listens, finds its files and reaches the apps; the defaults are those of the image. */
export interface EdgePlace {
  /** Address before the ports, `''` for all. */
  readonly host: string;
  readonly apiPort: number;
  readonly httpsPort: number;
  readonly redirectPort: number;
  readonly healthPort: number;
  /** Folder of `tls.crt` and `tls.key`. */
  readonly certificates: string;
  /** Folder for everything that nginx writes. */
  readonly scratch: string;
  /** Files with `set_real_ip_from` lines: load balancers whose X-Forwarded-For and -Proto are believed. May be none. */
  readonly trustedProxies: string;
  /** DNS server of a compose edge: the one that a Docker engine offers in every network of its own. */
  readonly resolver: string;
  readonly addressOf: (app: AppName) => string;
  /** How long a client may take nothing of an answer, or an app nothing of a request, that waits for it, in ms. */
  readonly stalledMs: number;
}

/** The edge of the image. */
export const DEFAULT_PLACE: EdgePlace = {
  host: '',
  apiPort: 8000,
  httpsPort: 8443,
  redirectPort: 8080,
  healthPort: 8099,
  certificates: '/run/secrets/edge',
  scratch: '/tmp',
  trustedProxies: '/etc/nginx/edge/trusted-proxies/*.conf',
  resolver: '127.0.0.11',
  addressOf: (app) => `${app}:8000`,
  stalledMs: 60_000,
};
