import type { ReasonCode } from '@behavry/contracts';
import type { Provider } from './provider';

/** What a refusal or failure says, before it is put into a dialect. */
export interface ErrorFacts {
  readonly status: number;
  readonly reasonCode: ReasonCode;
  /** For the agent: a sentence without payload. */
  readonly message: string;
  readonly requestId: string;
}

/**
 * An error in the provider's own envelope, so that its SDK raises the class its users know.
 * The reason code stands where the dialect has a text field for it.
 */
export function errorEnvelope(provider: Provider, facts: ErrorFacts): object {
  const { status, reasonCode, message, requestId } = facts;
  switch (provider) {
    case 'openai':
      return { error: { message, type: openAiType(status), param: null, code: reasonCode } };
    case 'anthropic':
      return {
        type: 'error',
        error: { type: anthropicType(status), message, details: { error_code: reasonCode } },
        request_id: requestId,
      };
    case 'gemini':
      return {
        error: {
          code: status,
          message,
          status: geminiStatus(status),
          details: [
            { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: reasonCode, domain: 'behavry' },
          ],
        },
      };
    case 'ollama':
      return { error: `${message} (${reasonCode})` };
  }
}

/** @returns the event that makes OpenAI's SDKs throw in the middle of a stream */
export function openAiErrorEvent(facts: ErrorFacts): string {
  return `data: ${JSON.stringify(errorEnvelope('openai', facts))}\n\n`;
}

function openAiType(status: number): string {
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

function anthropicType(status: number): string {
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

function geminiStatus(status: number): string {
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
