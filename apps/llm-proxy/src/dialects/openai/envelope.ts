import type { ErrorFacts } from '../dialect';

/** @returns an error as OpenAI's API words it */
export function envelope({ status, reasonCode, message }: ErrorFacts): object {
  return { error: { message, type: typeOf(status), param: null, code: reasonCode } };
}

function typeOf(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error';
    case 403:
      return 'permission_error';
    case 429:
      return 'rate_limit_error';
    default:
      return status >= 500 ? 'server_error' : 'invalid_request_error';
  }
}
