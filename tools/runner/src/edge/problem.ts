import type { FastifyReply } from 'fastify';
import type { ErrorCode } from '@behavry/contracts';

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

/** Answers with `application/problem+json` (RFC 9457). */
export function sendProblem(
  reply: FastifyReply,
  code: EdgeCode,
  detail: string,
  members: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  const [status, title] = PROBLEMS[code];
  const body = {
    type: `https://behavry.dev/problems/${code}`,
    title,
    status,
    detail,
    code,
    request_id: reply.request.id,
    ...members,
  };
  return reply
    .code(status)
    .headers({ 'cache-control': 'no-store', ...(status === 503 ? { 'retry-after': '2' } : {}) })
    .type('application/problem+json')
    .send(JSON.stringify(body));
}
