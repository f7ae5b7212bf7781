import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CLAIM_PATH, MAX_CLAIM_BYTES, STANDING_PATH } from '@behavry/contracts';
import { overSignal, ServiceContext } from '@behavry/platform';
import { isClaimRequest, isStandingRequest } from '../domain/claim-request';
import { ClaimService } from './claim.service';
import { payloadText } from './sealed-arguments';

/** The plane-internal routes by which a proxy claims held calls, and asks how they stand. */
@Injectable()
export class ClaimRoute implements OnModuleInit {
  constructor(
    private readonly context: ServiceContext,
    private readonly claims: ClaimService,
  ) {}

  onModuleInit(): void {
    this.context.ops.internal('POST', CLAIM_PATH, (request, reply) => this.#answer(request, reply));
    this.context.ops.internal('POST', STANDING_PATH, (request, reply) => this.#tell(request, reply));
  }

  async #answer(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    if (!isClaimRequest(request.body)) return reply.code(422).send({ code: 'validation_failed' });
    const { agent_id: agent, tool } = request.body;
    if (Buffer.byteLength(payloadText(request.body)) > MAX_CLAIM_BYTES) {
      this.context.log.warn({ agent, tool }, 'a call is too large to be given to a person');
      return reply.code(413).send({ code: 'payload_too_large' });
    }
    try {
      const answer = await this.claims.claim(request.body, overSignal(reply.raw));
      if (answer) return answer;
    } catch (error) {
      this.context.log.error({ err: error }, 'a claim could not be answered');
    }
    return reply.code(503).send({ code: 'unavailable' });
  }

  async #tell(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    if (!isStandingRequest(request.body)) return reply.code(422).send({ code: 'validation_failed' });
    try {
      return { states: await this.claims.standing(request.body, overSignal(reply.raw)) };
    } catch (error) {
      this.context.log.error({ err: error }, 'how escalations stand could not be told');
      return reply.code(503).send({ code: 'unavailable' });
    }
  }
}
