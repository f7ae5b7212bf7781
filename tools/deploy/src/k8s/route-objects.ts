import { appsOf, MODES, ROUTE_TABLE, type AppName, type Mode } from '@behavry/contracts';
import { GENERATED, yamlDocuments } from './yaml-text';

/** Stands where an overlay puts the host of BEHAVRY_PUBLIC_URL. */
const HOST = 'plane.invalid';

/** Longest time that a stream or a held poll may be silent before the entry cuts it, in seconds. */
const SILENCE_SECONDS = 330;

/** Largest request of any app, with room for what stands around it. */
const MAX_BODY = '17m';

/**
 * The Ingress and the HTTPRoute of each mode from the route table, straight to the apps: a prefix of either kind counts
 * whole segments, and the longest wins, which is what the table says. No edge of ours stands between.
 * @returns content by path
 */
export function routeDocuments(): ReadonlyMap<string, string> {
  return new Map(
    MODES.flatMap((mode): [string, string][] => [
      [`k8s/components/ingress/${mode}/ingress.yaml`, GENERATED + yamlDocuments([ingress(mode)])],
      [`k8s/components/gateway/${mode}/gateway.yaml`, GENERATED + yamlDocuments([GATEWAY, httpRoute(mode)])],
    ]),
  );
}

/** @returns the prefixes of each app in a mode, apps in start order */
function prefixesOf(mode: Mode): readonly (readonly [AppName, readonly string[]])[] {
  return appsOf(mode).map(({ name }) => [
    name,
    ROUTE_TABLE.filter(({ app, modes }) => app === name && modes.includes(mode)).flatMap(
      ({ prefixes }) => prefixes,
    ),
  ]);
}

function ingress(mode: Mode): object {
  const path = (app: AppName, prefix: string): object => ({
    path: prefix,
    pathType: 'Prefix',
    backend: { service: { name: app, port: { name: 'api' } } },
  });
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: 'plane',
      // Read by ingress-nginx; another controller has its own words for the same.
      annotations: {
        'nginx.ingress.kubernetes.io/proxy-buffering': 'off',
        'nginx.ingress.kubernetes.io/proxy-request-buffering': 'off',
        'nginx.ingress.kubernetes.io/proxy-read-timeout': String(SILENCE_SECONDS),
        'nginx.ingress.kubernetes.io/proxy-send-timeout': String(SILENCE_SECONDS),
        'nginx.ingress.kubernetes.io/proxy-body-size': MAX_BODY,
        'nginx.ingress.kubernetes.io/proxy-next-upstream': 'off',
        'nginx.ingress.kubernetes.io/ssl-redirect': 'true',
      },
    },
    spec: {
      tls: [{ hosts: [HOST], secretName: 'plane-tls' }],
      rules: [
        {
          host: HOST,
          http: {
            paths: prefixesOf(mode).flatMap(([app, prefixes]) => prefixes.map((prefix) => path(app, prefix))),
          },
        },
      ],
    },
  };
}

const GATEWAY = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'plane' },
  spec: {
    gatewayClassName: 'behavry',
    listeners: [
      {
        name: 'https',
        port: 443,
        protocol: 'HTTPS',
        tls: { mode: 'Terminate', certificateRefs: [{ kind: 'Secret', name: 'plane-tls' }] },
        allowedRoutes: { namespaces: { from: 'Same' } },
      },
    ],
  },
};

/** One rule an app: a route may have sixteen rules, and a rule 64 matches. */
function httpRoute(mode: Mode): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'plane' },
    spec: {
      parentRefs: [{ name: 'plane' }],
      hostnames: [HOST],
      rules: prefixesOf(mode).map(([app, prefixes]) => ({
        matches: prefixes.map((value) => ({ path: { type: 'PathPrefix', value } })),
        backendRefs: [{ name: app, port: 8000 }],
        // Streams and held polls end when their apps say so.
        timeouts: { request: '0s' },
      })),
    },
  };
}
