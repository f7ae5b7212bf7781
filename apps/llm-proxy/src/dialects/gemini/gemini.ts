import type { Provider } from '../dialect';

/** Gemini, as far as it must be refused in its own words. */
export const GEMINI: Provider = {
  id: 'gemini',
  tokenHeader: 'x-goog-api-key',
  envelope: ({ status, reasonCode, message }) => ({
    error: {
      code: status,
      message,
      status: statusName(status),
      details: [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: reasonCode, domain: 'behavry' },
      ],
    },
  }),
  errorHeaders: () => ({}),
};

function statusName(status: number): string {
  switch (status) {
    case 401:
      return 'UNAUTHENTICATED';
    case 403:
      return 'PERMISSION_DENIED';
    case 429:
      return 'RESOURCE_EXHAUSTED';
    case 503:
      return 'UNAVAILABLE';
    case 504:
      return 'DEADLINE_EXCEEDED';
    default:
      return status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT';
  }
}
