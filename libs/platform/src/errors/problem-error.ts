import type { ErrorCode } from '@behavry/contracts';
import { ERROR_TABLE } from './error-table';

export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

export interface ProblemExtra {
  readonly errors?: readonly FieldFault[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the problem document (RFC 9457 §3.2). */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** An error whose code and detail are meant for the caller. Anything else shows only a request id. */
export class ProblemError extends Error {
  readonly status: number;

  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    readonly extra: ProblemExtra = {},
  ) {
    super(detail);
    this.status = ERROR_TABLE[code].status;
  }
}

/**
 * @param waitMs after which the caller may try again
 * @returns 429 with `Retry-After` in whole seconds
 */
export function tooManyRequests(detail: string, waitMs: number): ProblemError {
  return new ProblemError('too_many_requests', detail, {
    headers: { 'retry-after': String(Math.max(Math.ceil(waitMs / 1000), 1)) },
  });
}

/** The body of `application/problem+json` (RFC 9457, surface: conventions). */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly request_id: string;
  readonly errors?: readonly FieldFault[];
}

/** @returns the wire form of a problem */
export function problemDocument(error: ProblemError, requestId: string): ProblemDocument {
  return {
    type: `https://behavry.dev/problems/${error.code}`,
    title: ERROR_TABLE[error.code].title,
    status: error.status,
    detail: error.detail,
    code: error.code,
    request_id: requestId,
    ...(error.extra.errors ? { errors: error.extra.errors } : {}),
    ...error.extra.members,
  };
}
