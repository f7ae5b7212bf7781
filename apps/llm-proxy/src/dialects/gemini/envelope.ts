import type { ErrorFacts } from '../dialect';

/** @returns an error as Google's APIs word it */
export function envelope({ status, reasonCode, message }: ErrorFacts): object {
  return {
    error: {
      code: status,
      message,
      status: statusName(status),
      details: [
        { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: reasonCode, domain: 'behavry' },
      ],
    },
  };
}

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
