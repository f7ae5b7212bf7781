import type { ErrorFacts } from '../dialect';

/** @returns an error as Anthropic's API words it */
export function envelope({ status, reasonCode, message, requestId }: ErrorFacts): object {
  return {
    type: 'error',
    error: { type: typeOf(status), message, details: { error_code: reasonCode } },
    request_id: requestId,
  };
}

function typeOf(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error';
    case 403:
      return 'permission_error';
    case 413:
      return 'request_too_large';
    case 429:
      return 'rate_limit_error';
    default:
      return status >= 500 ? 'api_error' : 'invalid_request_error';
  }
}
