import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '@behavry/contracts';
import { answerHeaders } from './forwarded-headers';

/** The few problems that the edge itself answers. */
type EdgeCode = Extract<
  ErrorCode,
  'bad_request' | 'not_found' | 'route_not_in_mode' | 'upstream_unavailable' | 'plane_not_ready'
>;

const PROBLEMS: Readonly<Record<EdgeCode, readonly [status: number, title: string]>> = {
  bad_request: [400, 'The request cannot be understood'],
  not_found: [404, 'Not found'],
  route_not_in_mode: [404, 'Not part of this deployment mode'],
  upstream_unavailable: [502, 'A service behind this one did not answer'],
  plane_not_ready: [503, 'This plane is not ready yet'],
};

/** One request with the way to answer it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Answers with `application/problem+json` (RFC 9457). */
export function sendProblem(
  { request, response }: Exchange,
  code: EdgeCode,
  detail: string,
  members: Readonly<Record<string, unknown>> = {},
): void {
  const [status, title] = PROBLEMS[code];
  const type = `https://behavry.dev/problems/${code}`;
  const body = { type, title, status, detail, code, request_id: requestId(request), ...members };
  const retry = status === 503 ? { 'retry-after': '2' } : {};
  send(response, status, 'application/problem+json', body, retry);
}

/** Answers with JSON that nobody may keep. */
export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  const all = { 'content-type': type, 'cache-control': 'no-store', ...headers };
  const length = String(Buffer.byteLength(text));
  response.writeHead(status, answerHeaders({ ...all, 'content-length': length })).end(text);
}

function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,64}$/u.test(given) ? given : randomUUID();
}
