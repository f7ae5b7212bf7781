import type { Provider } from '../dialect';

/** Anthropic, as far as it must be refused in its own words. */
export const ANTHROPIC: Provider = {
  id: 'anthropic',
  tokenHeader: 'x-api-key',
  envelope: ({ status, reasonCode, message, requestId }) => ({
    type: 'error',
    error: { type: typeOf(status), message, details: { error_code: reasonCode } },
    request_id: requestId,
  }),
  errorHeaders: ({ requestId }) => ({ 'request-id': requestId }),
};

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
