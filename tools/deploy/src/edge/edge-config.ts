import { appsOf, type Mode } from '@behavry/contracts';
import {
  answerHeaderLines,
  requestHeaderLines,
  securityHeaderLines,
  securityHeaderMaps,
} from './edge-headers';
import { REQUEST_LINE } from './edge-paths';
import { DEFAULT_PLACE, type EdgePlace } from './edge-place';
import { detailMaps, errorPageLines } from './edge-problems';
import { DEFAULT_BODY_BOUND, routeMaps } from './edge-routes';
import { healthServer, indent, planeServer, redirectServer } from './edge-servers';

export interface EdgeOptions {
  readonly mode: Mode;
  /**
   * `compose`: names are asked for anew every few seconds, because containers change addresses; each request opens a
   * connection. `kubernetes`: Services keep their addresses; names are asked for at start, connections are kept.
   */
  readonly target: 'compose' | 'kubernetes';
  /** Whether port 8000 speaks TLS; `included`: a file `api.conf` beside the configuration says so. */
  readonly api: 'plain' | 'tls' | 'included';
  readonly place?: Partial<EdgePlace>;
}

/** Requests of one address at a time: a quarter of what the edge holds, because many clients may share one. */
const REQUESTS_PER_ADDRESS = 1000;
const CONNECTIONS_PER_WORKER = 4096;

/** @returns the whole configuration of nginx for the edge of a plane */
export function edgeConfig({ mode, target, api, place: given }: EdgeOptions): string {
  const place = { ...DEFAULT_PLACE, ...given };
  const isCompose = target === 'compose';
  const listener = api === 'included' ? 'include api.conf;' : apiListener(api === 'tls', place);
  return text([
    `# The edge of a plane, mode ${mode}: generated from libs/contracts/src/routes.ts by npm run generate.`,
    ...processLines(place),
    'http {',
    ...indent([
      ...logLines(),
      ...boundLines(place),
      ...clientMaps(place),
      ...requestMaps(),
      ...routeMaps(mode, isCompose ? place.addressOf : (app) => app),
      ...detailMaps(),
      ...securityHeaderMaps(),
      ...(isCompose ? resolverLines(place) : upstreamLines(mode, place)),
      ...proxyLines(place),
      ...requestHeaderLines(),
      ...answerHeaderLines(),
      ...tlsLines(place),
      'default_type application/problem+json;',
      ...securityHeaderLines(),
      ...errorPageLines(),
      ...planeServer(mode, listener, place),
      ...redirectServer(mode, place),
      ...healthServer(isCompose ? '127.0.0.1:' : place.host, place),
    ]),
    '}',
  ]);
}

/** @returns the line with which an edge listens for the API; alone in a file it is the `api.conf` of `included` */
export function apiListener(isTls: boolean, given: Partial<EdgePlace> = {}): string {
  const { host, apiPort } = { ...DEFAULT_PLACE, ...given };
  return `listen ${host}${apiPort}${isTls ? ' ssl' : ''};`;
}

function processLines({ scratch }: EdgePlace): readonly string[] {
  return [
    'daemon off;',
    'worker_processes 2;',
    `worker_rlimit_nofile ${2 * CONNECTIONS_PER_WORKER};`,
    '# Streams do not end by themselves; a stop does not wait for them longer than this.',
    'worker_shutdown_timeout 10s;',
    'pcre_jit on;',
    `pid ${scratch}/nginx.pid;`,
    'error_log stderr warn;',
    `events { worker_connections ${CONNECTIONS_PER_WORKER}; }`,
  ];
}

function logLines(): readonly string[] {
  const fields = {
    time: '$time_iso8601',
    request_id: '$edge_request_id',
    client: '$remote_addr',
    method: '$request_method',
    path: '$edge_path',
    status: '$status',
    bytes: '$body_bytes_sent',
    seconds: '$request_time',
    group: '$edge_group',
    app: '$edge_app',
    app_status: '$upstream_status',
    app_seconds: '$upstream_response_time',
    tls: '$ssl_protocol',
  };
  return [
    '# A query may hold a key: it is in no line. Errors below crit quote the whole request line, so they are not',
    '# written; what they say of an app stands in app_status.',
    'map $request_uri $edge_path { "~^(?<edge_raw_path>[^?]*)" $edge_raw_path; default ""; }',
    `log_format edge escape=json '${JSON.stringify(fields)}';`,
    'access_log /dev/stdout edge;',
    'error_log stderr crit;',
  ];
}

function boundLines({ scratch, stalledMs }: EdgePlace): readonly string[] {
  return [
    'server_tokens off;',
    'gzip off;',
    'merge_slashes off;',
    ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (what) => `${what}_temp_path ${scratch}/nginx-${what};`,
    ),
    'client_header_timeout 15s;',
    'client_body_timeout 30s;',
    `send_timeout ${stalledMs}ms;`,
    'keepalive_timeout 75s;',
    'reset_timedout_connection on;',
    'large_client_header_buffers 4 8k;',
    `client_max_body_size ${DEFAULT_BODY_BOUND};`,
    'limit_conn_zone $binary_remote_addr zone=edge_clients:4m;',
    `limit_conn edge_clients ${REQUESTS_PER_ADDRESS};`,
    'limit_conn_status 429;',
  ];
}

function clientMaps({ trustedProxies }: EdgePlace): readonly string[] {
  return [
    '# Whoever connects is the client, unless it is a load balancer that the operator names.',
    'real_ip_header X-Forwarded-For;',
    'real_ip_recursive on;',
    `include ${trustedProxies};`,
    'map $http_x_forwarded_proto $edge_claimed_proto { http http; https https; default $scheme; }',
    'map "$realip_remote_addr=$remote_addr" $edge_proto {',
    String.raw`  "~^(.+)=\1$" $scheme;`,
    '  default $edge_claimed_proto;',
    '}',
    'map $http_x_request_id $edge_request_id {',
    '  "~^[A-Za-z0-9._-]{8,128}$" $http_x_request_id;',
    '  default $request_id;',
    '}',
  ];
}

function requestMaps(): readonly string[] {
  const harmless = '(?:keep-alive|close|te|upgrade|http2-settings|proxy-connection)';
  return [
    '# A request line that every program behind the edge reads in the same way.',
    'map $request $edge_is_readable {',
    `  "~*${REQUEST_LINE}" 1;`,
    '  default 0;',
    '}',
    '# Headers that Connection names belong to this connection only. Those of its everyday values never go on;',
    '# others cannot be dropped by a name that comes with the request, so the request is refused.',
    'map $http_connection $edge_nominates {',
    '  "" 0;',
    `  "~*^${harmless}(?: *, *${harmless})*$" 0;`,
    '  default 1;',
    '}',
    '# What a browser asks for over plain HTTP is sent on to https; what belongs to the API is refused there.',
    'map "$request_method $edge_group $http_host" $edge_may_redirect { "~^(?:GET|HEAD)  ." 1; default 0; }',
  ];
}

function resolverLines({ resolver }: EdgePlace): readonly string[] {
  return [`resolver ${resolver} valid=5s ipv6=off;`, 'resolver_timeout 5s;'];
}

function upstreamLines(mode: Mode, { addressOf }: EdgePlace): readonly string[] {
  return appsOf(mode).map(
    // An app keeps an idle connection for 75 s: the edge must be the one that closes it.
    ({ name }) =>
      `upstream ${name} { server ${addressOf(name)} max_fails=0; keepalive 32; keepalive_timeout 60s; }`,
  );
}

function proxyLines({ stalledMs }: EdgePlace): readonly string[] {
  return [
    'proxy_http_version 1.1;',
    '# Bodies and answers pass as they come: nothing is kept here, and an app refuses a stranger before his body.',
    'proxy_buffering off;',
    'proxy_request_buffering off;',
    'proxy_buffer_size 16k;',
    'proxy_buffers 4 16k;',
    '# A replica that does not listen yet, or no more, is in the name server: another one gets the request. What was',
    '# sent is sent again for no method that may have changed something.',
    'proxy_next_upstream error timeout;',
    'proxy_next_upstream_timeout 10s;',
    'proxy_next_upstream_tries 3;',
    'proxy_redirect off;',
    'proxy_connect_timeout 2s;',
    `proxy_send_timeout ${stalledMs}ms;`,
    '# Above the longest silence that an app can be told to bear (BEHAVRY_LLM_TIMEOUT_SECONDS, at most an hour); event',
    '# streams beat every 15 s. Keep-alive probes find an app whose machine is gone.',
    'proxy_read_timeout 3700s;',
    'proxy_socket_keepalive on;',
    'proxy_headers_hash_max_size 1024;',
    'proxy_headers_hash_bucket_size 128;',
  ];
}

/** Mozilla's intermediate configuration, without the ciphers that need Diffie-Hellman parameters of one's own. */
function tlsLines({ certificates }: EdgePlace): readonly string[] {
  const ciphers = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'].flatMap((cipher) => [
    `ECDHE-ECDSA-${cipher}`,
    `ECDHE-RSA-${cipher}`,
  ]);
  return [
    `ssl_certificate ${certificates}/tls.crt;`,
    `ssl_certificate_key ${certificates}/tls.key;`,
    'ssl_protocols TLSv1.2 TLSv1.3;',
    `ssl_ciphers ${ciphers.join(':')};`,
    'ssl_prefer_server_ciphers off;',
    'ssl_ecdh_curve X25519:prime256v1:secp384r1;',
    'ssl_session_cache shared:edge_tls:4m;',
    'ssl_session_timeout 1d;',
    'ssl_session_tickets off;',
  ];
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
