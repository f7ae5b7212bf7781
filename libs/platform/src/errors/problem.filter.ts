import {
  Catch,
  HttpException,
  NotFoundException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../logging/logger';
import { codeOfStatus } from './error-table';
import { problemDocument, ProblemError } from './problem-error';

/** Turns every thrown error into `application/problem+json`; what is not ours shows only a request id. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  /**
   * @param authenticate throws when the request has no valid person; asked before a path is called unknown,
   *   so that a stranger cannot map the routes
   */
  constructor(
    private readonly log: Logger,
    private readonly authenticate: (request: FastifyRequest) => void,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    sendProblem(reply, request, this.#problemOf(thrown, request), this.log, thrown);
  }

  #problemOf(thrown: unknown, request: FastifyRequest): ProblemError {
    if (thrown instanceof NotFoundException) {
      try {
        this.authenticate(request);
      } catch (error) {
        if (error instanceof ProblemError) return error;
      }
    }
    return problemOf(thrown);
  }
}

/** @returns the problem that stands for any thrown value */
export function problemOf(thrown: unknown): ProblemError {
  if (thrown instanceof ProblemError) return thrown;
  const status = statusOf(thrown);
  if (status === 400 && thrown instanceof Error && /\bJSON\b/.test(thrown.message)) {
    return new ProblemError('malformed_json', 'The body is not valid JSON.');
  }
  if (status !== undefined && (thrown instanceof HttpException || (status >= 400 && status < 500))) {
    return framework(status);
  }
  if (isDatabaseDown(thrown)) {
    return new ProblemError('unavailable', 'The database does not answer now; try again shortly.', {
      headers: { 'retry-after': '2' },
    });
  }
  return new ProblemError('internal', 'An unexpected error; the request id finds it in the log.');
}

/** Writes a problem; for raw routes that do not pass through Nest. */
export function sendProblem(
  reply: FastifyReply,
  request: FastifyRequest,
  problem: ProblemError,
  log: Logger,
  cause?: unknown,
): void {
  // A plane that is not ready says so to every probe: that is no error of whoever was asked.
  if (problem.status >= 500 && problem.code !== 'plane_not_ready')
    log.error({ err: cause, request_id: request.id, code: problem.code }, problem.message);
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  void reply
    .code(problem.status)
    .headers({ ...problem.extra.headers, 'cache-control': 'no-store' })
    .type('application/problem+json')
    .send(JSON.stringify(problemDocument(problem, request.id)));
}

/** @returns the status that the framework gave an error; our own faults have none */
function statusOf(thrown: unknown): number | undefined {
  if (thrown instanceof HttpException) return thrown.getStatus();
  const { statusCode } = (thrown ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : undefined;
}

function framework(status: number): ProblemError {
  const code = codeOfStatus(status);
  return new ProblemError(
    code,
    code === 'not_found' ? 'There is nothing at this path.' : 'The request was refused.',
  );
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
  '08006',
  '55000',
]);

function isDatabaseDown(thrown: unknown): boolean {
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown };
  return (
    (typeof code === 'string' && CONNECTION_CODES.has(code)) ||
    (typeof message === 'string' &&
      /^(Connection terminated|timeout exceeded when trying to connect)/.test(message))
  );
}
