/** Headers of one connection only (RFC 9110 §7.6.1), beside those that nginx itself never sends on. */
const HOP_BY_HOP = [
  'HTTP2-Settings',
  'Keep-Alive',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'Proxy-Connection',
  'TE',
  'Trailer',
  'Upgrade',
];

/**
 * Claims about the client that only the edge may make. nginx cannot drop headers by pattern (`x-forwarded-*`), so those
 * in use anywhere are named; an app reads three of them (for, host, proto), and the edge writes these itself.
 */
export const CLAIMS: readonly string[] = [
  'Forwarded',
  'Proxy',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  ...['By', 'Client-Cert', 'Email', 'Groups', 'Method', 'Path', 'Port', 'Prefix', 'Protocol', 'Scheme'].map(
    (name) => `X-Forwarded-${name}`,
  ),
  ...['Server', 'Ssl', 'Tls-Client-Cert', 'Uri', 'Url', 'User'].map((name) => `X-Forwarded-${name}`),
  ...['Forwarded-For', 'Host', 'Method', 'Path', 'Uri', 'Url'].map((name) => `X-Original-${name}`),
  'X-Real-IP',
  'X-Rewrite-URL',
];

/** What an app is told by the edge, and what it is never told by a client. */
export function requestHeaderLines(): readonly string[] {
  return [
    '# An app knows of the client what the edge saw of it, and nothing that a client says.',
    'proxy_set_header Host $http_host;',
    'proxy_set_header X-Forwarded-For $remote_addr;',
    'proxy_set_header X-Forwarded-Host $http_host;',
    'proxy_set_header X-Forwarded-Proto $edge_proto;',
    'proxy_set_header X-Request-Id $edge_request_id;',
    'proxy_set_header Connection "";',
    ...[...HOP_BY_HOP, ...CLAIMS].map((name) => `proxy_set_header ${name} "";`),
  ];
}

/** What of an app's answer stays between it and the edge. */
export function answerHeaderLines(): readonly string[] {
  return [
    '# Commands to nginx in an answer (X-Accel-Redirect …) could come from a tool or a model: none is obeyed.',
    'proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset',
    '                     Expires Cache-Control Set-Cookie Vary;',
    ...['Proxy-Authenticate', 'Proxy-Connection', 'TE', 'Trailer', 'Upgrade'].map(
      (name) => `proxy_hide_header ${name};`,
    ),
  ];
}

/** Said to browsers where an app says nothing of its own; the last two on the edge's own answers only. */
export function securityHeaderMaps(): readonly string[] {
  return [
    'map $upstream_http_x_content_type_options $edge_nosniff { "" nosniff; default ""; }',
    'map $upstream_http_referrer_policy $edge_referrer { "" no-referrer; default ""; }',
    '# Two years, as the apps say it; only over TLS.',
    'map "$https:$upstream_http_strict_transport_security" $edge_hsts {',
    '  "on:" "max-age=63072000; includeSubDomains";',
    '  default "";',
    '}',
    "# An answer that no app began is the edge's own.",
    'map $upstream_header_time $edge_is_own { "" 1; - 1; default 0; }',
    'map $edge_is_own $edge_cache { 1 no-store; default ""; }',
    `map $edge_is_own $edge_csp { 1 "default-src 'none'; frame-ancestors 'none'"; default ""; }`,
  ];
}

/** The lines that send what the maps decide; a header without a value is not sent. */
export function securityHeaderLines(): readonly string[] {
  return [
    'add_header X-Content-Type-Options $edge_nosniff always;',
    'add_header Referrer-Policy $edge_referrer always;',
    'add_header Strict-Transport-Security $edge_hsts always;',
    'add_header Cache-Control $edge_cache always;',
    'add_header Content-Security-Policy $edge_csp always;',
  ];
}
