import { Body, Controller, Get, HttpCode, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import {
  CurrentPerson,
  ProblemError,
  reachesRole,
  RequireRole,
  SignedInOnly,
  type Person,
} from '@behavry/platform';
import { EscalationQuery, ResolveRequest, type EscalationView } from './escalation.dto';
import { escalationView } from './escalation.mapper';
import { EscalationService } from './escalation.service';

const escalationId = (): ParseUUIDPipe =>
  new ParseUUIDPipe({
    exceptionFactory: () => new ProblemError('not_found', 'There is no escalation with this id.'),
  });

/** Held calls, for the people who decide them. */
@Controller('api/v1/escalations')
export class EscalationController {
  constructor(private readonly escalations: EscalationService) {}

  @Get()
  async list(
    @CurrentPerson() person: Person,
    @Query() query: EscalationQuery,
  ): Promise<{ escalations: readonly EscalationView[]; total: number }> {
    const { escalations, total } = await this.escalations.list(person.tenantId, query.status, query);
    return { escalations: escalations.map((each) => escalationView(each)), total };
  }

  /** One escalation; with everything that would go upstream, for those who may decide. */
  @Get(':id')
  async get(
    @CurrentPerson() person: Person,
    @Param('id', escalationId()) id: string,
  ): Promise<EscalationView> {
    const escalation = await this.escalations.get(person.tenantId, id);
    const mayDecide = reachesRole(person.roles, 'analyst');
    return escalationView(
      escalation,
      mayDecide ? await this.escalations.payload(person.tenantId, id) : undefined,
    );
  }

  @Post(':id/approve')
  @HttpCode(200)
  @RequireRole('analyst')
  @SignedInOnly()
  approve(
    @CurrentPerson() person: Person,
    @Param('id', escalationId()) id: string,
    @Body() body: ResolveRequest,
  ): Promise<EscalationView> {
    return this.#resolve(person, id, 'approved', body.comment);
  }

  @Post(':id/deny')
  @HttpCode(200)
  @RequireRole('analyst')
  @SignedInOnly()
  deny(
    @CurrentPerson() person: Person,
    @Param('id', escalationId()) id: string,
    @Body() body: ResolveRequest,
  ): Promise<EscalationView> {
    return this.#resolve(person, id, 'denied', body.comment);
  }

  async #resolve(
    person: Person,
    id: string,
    verdict: 'approved' | 'denied',
    comment: string | undefined,
  ): Promise<EscalationView> {
    return escalationView(await this.escalations.resolve(person, id, verdict, comment));
  }
}
