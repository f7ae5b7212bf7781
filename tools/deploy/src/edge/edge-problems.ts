import type { ErrorCode, Mode } from '@behavry/contracts';

type EdgeCode = Extract<
  ErrorCode,
  | 'bad_request'
  | 'not_found'
  | 'route_not_in_mode'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'too_many_requests'
  | 'internal'
  | 'upstream_unavailable'
>;

/** The problems that the edge itself answers, with status and title as the apps have them. */
export const EDGE_PROBLEMS: Readonly<Record<EdgeCode, { readonly status: number; readonly title: string }>> =
  {
    bad_request: { status: 400, title: 'The request cannot be understood' },
    not_found: { status: 404, title: 'Not found' },
    route_not_in_mode: { status: 404, title: 'Not part of this deployment mode' },
    method_not_allowed: { status: 405, title: 'Method not allowed' },
    payload_too_large: { status: 413, title: 'The body is too large' },
    too_many_requests: { status: 429, title: 'Too many requests' },
    internal: { status: 500, title: 'Something went wrong here' },
    upstream_unavailable: { status: 502, title: 'A service behind this one did not answer' },
  };

/**
 * A `return` that answers `application/problem+json` (RFC 9457), the default type of this configuration.
 * @param detail may hold variables of nginx whose values need no escaping in JSON
 */
export function returnProblem(code: EdgeCode, detail: string): string {
  const { status, title } = EDGE_PROBLEMS[code];
  const type = `https://behavry.dev/problems/${code}`;
  const body = JSON.stringify({ type, title, status, detail, code, request_id: '$edge_request_id' });
  return `return ${status} '${body.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}';`;
}

interface OwnError {
  readonly code: EdgeCode;
  /** Statuses that nginx gives for it, its own (494–497) among them. */
  readonly statuses: readonly number[];
  readonly detail: string;
}

const OWN_ERRORS: readonly OwnError[] = [
  {
    code: 'bad_request',
    statuses: [400, 411, 414, 415, 421, 494, 495, 496, 497, 501, 505],
    detail: '$edge_why',
  },
  { code: 'not_found', statuses: [403, 404], detail: 'There is nothing at this path.' },
  { code: 'method_not_allowed', statuses: [405], detail: 'This method is not served.' },
  { code: 'payload_too_large', statuses: [413], detail: 'The body is larger than this path takes.' },
  { code: 'too_many_requests', statuses: [429], detail: 'This address has too many requests open.' },
  { code: 'internal', statuses: [500, 503], detail: 'The edge could not do this.' },
  { code: 'upstream_unavailable', statuses: [502, 504], detail: '$edge_app did not answer.' },
];

/** What a refusal says, from the maps that lead to it. */
export function detailMaps(): readonly string[] {
  return [
    'map "$edge_is_readable$edge_nominates" $edge_why {',
    '  "~^0" "The path is not accepted: it can be read in more than one way.";',
    '  "11" "The Connection header may name no other header.";',
    '  default "The request is too long, or is not framed in one way only, or came without TLS.";',
    '}',
  ];
}

/** Where nginx finds its own errors; errors that an app answers pass untouched. */
export function errorPageLines(): readonly string[] {
  return OWN_ERRORS.map(
    ({ code, statuses }) =>
      `error_page ${statuses.join(' ')} =${EDGE_PROBLEMS[code].status} ${errorPath(code)};`,
  );
}

/** One internal location per error: a named one (`@…`) is not reached when the path itself is at fault. */
export function errorLocations(mode: Mode): readonly string[] {
  const foreign = `The route group "\${edge_group}" is not part of the mode ${mode}.`;
  return OWN_ERRORS.flatMap(({ code, detail }) => [
    `location = ${errorPath(code)} {`,
    '  internal;',
    // Or a large body would be refused once more here, in HTML.
    '  client_max_body_size 0;',
    ...(code === 'not_found'
      ? [`  if ($edge_group != "") { ${returnProblem('route_not_in_mode', foreign)} }`]
      : []),
    `  ${returnProblem(code, detail)}`,
    '}',
  ]);
}

function errorPath(code: EdgeCode): string {
  return `/_edge/${code}`;
}
