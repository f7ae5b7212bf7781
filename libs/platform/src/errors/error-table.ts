import type { ErrorCode } from '@behavry/contracts';

interface ErrorRow {
  readonly status: number;
  readonly title: string;
}

/** Status and title of every error code, exhaustively (style: contracts). */
export const ERROR_TABLE: Readonly<Record<ErrorCode, ErrorRow>> = {
  bad_request: { status: 400, title: 'The request cannot be understood' },
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  invalid_credentials: { status: 401, title: 'These credentials are not valid' },
  plan_required: { status: 402, title: 'Not part of this plan' },
  forbidden: { status: 403, title: 'Not allowed' },
  agent_suspended: { status: 403, title: 'The agent is suspended' },
  tenant_mismatch: { status: 403, title: 'The credentials belong to another tenant' },
  signup_disabled: { status: 403, title: 'Sign-up is switched off' },
  not_found: { status: 404, title: 'Not found' },
  route_not_in_mode: { status: 404, title: 'Not part of this deployment mode' },
  no_bundle: { status: 404, title: 'Nothing has been published yet' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  conflict: { status: 409, title: 'It exists already' },
  state_conflict: { status: 409, title: 'Not possible in the present state' },
  package_conflict: { status: 409, title: 'Another active policy has this package' },
  deployment_mismatch: { status: 409, title: 'The token is bound to another deployment' },
  managed_by_control_plane: { status: 409, title: 'Managed on the control plane' },
  agent_limit_reached: { status: 409, title: 'The licence allows no more agents' },
  precondition_failed: { status: 412, title: 'It changed in the meantime' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported content type' },
  validation_failed: { status: 422, title: 'Some fields are not valid' },
  policy_invalid: { status: 422, title: 'The policy does not pass its checks' },
  path_body_mismatch: { status: 422, title: 'Path and body name different things' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong here' },
  upstream_unavailable: { status: 502, title: 'A service behind this one did not answer' },
  component_missing: { status: 503, title: 'A component is missing' },
  unavailable: { status: 503, title: 'Not available now' },
  plane_not_ready: { status: 503, title: 'This plane is not ready yet' },
};

/** @returns the code whose status a framework error carries, for errors that are not ours */
export function codeOfStatus(status: number): ErrorCode {
  switch (status) {
    case 400:
      return 'bad_request';
    case 401:
      return 'unauthenticated';
    case 403:
      return 'forbidden';
    case 404:
      return 'not_found';
    case 405:
      return 'method_not_allowed';
    case 413:
      return 'payload_too_large';
    case 415:
      return 'unsupported_media_type';
    case 422:
      return 'validation_failed';
    case 429:
      return 'too_many_requests';
    case 503:
      return 'unavailable';
    default:
      return status >= 400 && status < 500 ? 'bad_request' : 'internal';
  }
}
