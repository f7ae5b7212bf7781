import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import {
  Clock,
  CurrentPerson,
  PageQuery,
  ProblemError,
  Public,
  RequireRole,
  tooManyRequests,
  type Person,
  UuidPipe,
} from '@behavry/platform';
import type { EnrolledAgentResponse } from '../agents/agent.dto';
import { addressGroup } from '../domain/address-group';
import { ADDRESS_RULE, FailureMemory } from '../domain/throttle';
import {
  CreateEnrollmentTokenRequest,
  EnrollRequest,
  type CreatedEnrollmentTokenResponse,
  type EnrollmentTokenView,
} from './enrollment.dto';
import { EnrollmentService } from './enrollment.service';

const DEFAULT_HOURS = 24;

/** Enrolment tokens, and their redemption. */
@Controller('api/v1')
export class EnrollmentController {
  readonly #failures = new FailureMemory(ADDRESS_RULE);

  constructor(
    private readonly enrollment: EnrollmentService,
    private readonly clock: Clock,
  ) {}

  @Post('enrollment/tokens')
  @Header('cache-control', 'no-store')
  async create(
    @CurrentPerson() person: Person,
    @Body() body: CreateEnrollmentTokenRequest,
  ): Promise<CreatedEnrollmentTokenResponse> {
    const { id, token, expiresAt } = await this.enrollment.create(person, {
      label: body.label,
      expiresHours: body.expires_hours ?? DEFAULT_HOURS,
      roles: body.roles ?? [],
      permissions: body.permissions ?? [],
    });
    return { id, token, label: body.label, expires_at: expiresAt.toISOString() };
  }

  @Get('enrollment/tokens')
  @RequireRole('admin')
  async list(
    @CurrentPerson() { tenantId }: Person,
    @Query() page: PageQuery,
  ): Promise<{ tokens: readonly EnrollmentTokenView[]; total: number }> {
    const { tokens, total } = await this.enrollment.list(tenantId, page);
    const now = this.clock.now();
    const views = tokens.map((token) => ({
      id: token.id,
      label: token.label,
      roles: token.roles,
      permissions: token.permissions,
      state: token.usedAt
        ? ('used' as const)
        : token.expiresAt.getTime() <= now
          ? ('expired' as const)
          : ('open' as const),
      agent_id: token.agentId,
      created_at: token.createdAt.toISOString(),
      expires_at: token.expiresAt.toISOString(),
      used_at: token.usedAt?.toISOString() ?? null,
    }));
    return { tokens: views, total };
  }

  @Delete('enrollment/tokens/:id')
  @HttpCode(204)
  delete(@CurrentPerson() person: Person, @Param('id', UuidPipe) id: string): Promise<void> {
    return this.enrollment.delete(person, id);
  }

  @Post('enroll')
  @Public()
  @Header('cache-control', 'no-store')
  async enroll(@Body() body: EnrollRequest, @Req() request: FastifyRequest): Promise<EnrolledAgentResponse> {
    const address = addressGroup(request.ip);
    const waitMs = this.#failures.waitMs(address, this.clock.now());
    if (waitMs > 0)
      throw tooManyRequests('Too many wrong enrolment tokens; wait before the next try.', waitMs);
    try {
      return await this.enrollment.enroll(body.token, body.name, body.agent_type ?? 'custom');
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'invalid_credentials') {
        this.#failures.fail(address, this.clock.now());
      }
      throw error;
    }
  }
}
