import type { Mode } from '@behavry/contracts';
import type { EdgePlace } from './edge-place';
import { errorLocations, returnProblem } from './edge-problems';
import { boundedPaths, firstSegments } from './edge-routes';

const REFUSALS = ['if ($edge_is_readable = 0) { return 400; }', 'if ($edge_nominates = 1) { return 400; }'];

/** Ports for the API and for https: the same but for `/`, which only browsers ask for. */
export function planeServer(mode: Mode, listener: string, { host, httpsPort }: EdgePlace): readonly string[] {
  const pass = [...REFUSALS, 'if ($edge_app = "") { return 404; }', 'proxy_pass http://$edge_address;'];
  const paths = firstSegments(mode).join(', ');
  return [
    'server {',
    ...indent([
      listener,
      `listen ${host}${httpsPort} ssl;`,
      ...errorLocations(mode),
      'location = / {',
      ...indent([
        ...REFUSALS,
        `if ($server_port != ${httpsPort}) { return 404; }`,
        'default_type "text/plain; charset=utf-8";',
        `return 200 'This is a Behavry plane (${mode}): its dashboard is still to come, its API answers below ${paths}.\\n';`,
      ]),
      '}',
      ...boundedPaths(mode).flatMap(({ pattern, maxBytes }) => [
        `location ~ "${pattern}" {`,
        ...indent([`client_max_body_size ${maxBytes};`, ...pass]),
        '}',
      ]),
      'location / {',
      ...indent(pass),
      '}',
    ]),
    '}',
  ];
}

/**
 * The port of plain HTTP. It leads browsers to https and refuses what belongs to the API, so that a client with a wrong
 * URL fails at its first request instead of sending its token in the clear before each redirect.
 */
export function redirectServer(mode: Mode, { host, redirectPort }: EdgePlace): readonly string[] {
  const refusal = returnProblem(
    'bad_request',
    'This port only leads browsers to https; the API is not served without TLS here.',
  );
  return [
    'server {',
    ...indent([
      `listen ${host}${redirectPort};`,
      ...errorLocations(mode),
      'location / {',
      ...indent([
        ...REFUSALS,
        `if ($edge_may_redirect = 0) { ${refusal} }`,
        'return 308 https://$host$request_uri;',
      ]),
      '}',
    ]),
    '}',
  ];
}

/** Says that nginx itself is alive, whatever the apps do: for the health check of the container. */
export function healthServer(host: string, { healthPort }: EdgePlace): readonly string[] {
  return [
    'server {',
    ...indent([
      `listen ${host}${healthPort};`,
      'access_log off;',
      'default_type text/plain;',
      `return 200 'alive\\n';`,
    ]),
    '}',
  ];
}

/** The lines of a block. */
export function indent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}
