import { JSON_RPC, type ReasonCode } from '@behavry/contracts';
import { isLimited, refuse, type Refusal } from '@behavry/pipeline';

/** How a request that is not understood is answered: an HTTP status with a JSON-RPC error (MCP, transports). */
export interface McpFault {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly reasonCode: ReasonCode;
}

const invalid = (status: number, message: string): McpFault => ({
  status,
  code: JSON_RPC.invalidRequest,
  message,
  reasonCode: 'request_malformed',
});

export const FAULTS = {
  notJson: {
    status: 400,
    code: JSON_RPC.parseError,
    message: 'Parse error',
    reasonCode: 'request_malformed',
  },
  ambiguous: invalid(400, 'Invalid request: the JSON can be read in more than one way'),
  batch: invalid(400, 'Invalid request: batches are not supported'),
  noMessage: invalid(400, 'Invalid request: not a single JSON-RPC 2.0 message'),
  noId: {
    status: 400,
    code: JSON_RPC.invalidRequest,
    message: 'Invalid request: only notifications/* come without an id',
    reasonCode: 'method_unknown',
  },
  notAsked: invalid(400, 'Invalid request: an answer to what no server asked'),
  unknownEvent: invalid(400, 'Bad request: Last-Event-ID is none that this session was sent'),
  badParams: {
    status: 200,
    code: JSON_RPC.invalidParams,
    message: 'Invalid params',
    reasonCode: 'request_malformed',
  },
  tooLarge: {
    status: 413,
    code: JSON_RPC.invalidRequest,
    message: 'Request too large',
    reasonCode: 'request_too_large',
  },
  noSession: invalid(400, 'Bad request: Mcp-Session-Id header is required'),
  unknownSession: invalid(404, 'Session not found'),
  ownerFailed: {
    status: 502,
    code: JSON_RPC.unavailable,
    message: 'The session could not be reached',
    reasonCode: 'upstream_error',
  },
  unknownServer: {
    status: 404,
    code: JSON_RPC.invalidRequest,
    message: 'No such server',
    reasonCode: 'server_unknown',
  },
  disabledServer: {
    status: 404,
    code: JSON_RPC.invalidRequest,
    message: 'The server is disabled',
    reasonCode: 'server_disabled',
  },
  notFound: {
    status: 404,
    code: JSON_RPC.methodNotFound,
    message: 'Not found',
    reasonCode: 'endpoint_unsupported',
  },
  aggregate: {
    status: 501,
    code: JSON_RPC.methodNotFound,
    reasonCode: 'endpoint_unsupported',
    message: 'All servers behind one endpoint are not offered yet; use /mcp/v1/{server_id}',
  },
  methodNotAllowed: {
    status: 405,
    code: JSON_RPC.invalidRequest,
    message: 'Method not allowed',
    reasonCode: 'endpoint_unsupported',
  },
  noStream: {
    status: 405,
    code: JSON_RPC.invalidRequest,
    message: 'The server offers no stream',
    reasonCode: 'endpoint_unsupported',
  },
  badHost: {
    status: 403,
    code: JSON_RPC.invalidRequest,
    message: 'Host not allowed',
    reasonCode: 'request_malformed',
  },
  badOrigin: {
    status: 403,
    code: JSON_RPC.invalidRequest,
    message: 'Origin not allowed',
    reasonCode: 'request_malformed',
  },
  badType: invalid(415, 'Unsupported media type: send application/json'),
  encoded: invalid(415, 'Content-Encoding is not supported'),
  notAcceptable: invalid(406, 'Not acceptable: accept application/json and text/event-stream'),
  noStreamAccepted: invalid(406, 'Not acceptable: accept text/event-stream'),
  // Deliberately no code of the reserved range: it tells a client of both eras to fall back to initialize.
  badVersion: invalid(
    400,
    'Bad request: unsupported protocol version (supported: 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05)',
  ),
} as const satisfies Record<string, McpFault>;

/** @returns the refusal that ends the exchange; the fault says how it is told */
export function refusalOf(fault: McpFault, isRecorded = true): Refusal<McpFault> {
  return refuse(fault.reasonCode, fault.message, { isRecorded, fault });
}

/** @returns the code by which MCP clients are told a refusal (surface: bodies) */
export function rpcCodeOf(refusal: Refusal<unknown>): number {
  if (isLimited(refusal)) return JSON_RPC.limited;
  return refusal.reasonCode === 'escalation_pending' ? JSON_RPC.pending : JSON_RPC.denied;
}
