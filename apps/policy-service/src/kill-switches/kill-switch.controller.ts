import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { ThrownKillSwitch } from '@behavry/db-control';
import { CurrentPerson, PageQuery, RequireRole, type Person, UuidPipe } from '@behavry/platform';
import { ThrowSwitchRequest, type KillSwitchView } from './kill-switch.dto';
import { KillSwitchService } from './kill-switch.service';

/** Kill switches of the caller's tenant (surface: kill-switch). */
@Controller('api/v1/kill-switch')
export class KillSwitchController {
  constructor(private readonly switches: KillSwitchService) {}

  /** 201 for a switch that is new, 200 for one that is thrown already. */
  @Post()
  @RequireRole('admin')
  async throw(
    @CurrentPerson() person: Person,
    @Body() { scope, target, reason }: ThrowSwitchRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<KillSwitchView> {
    const { thrown, isNew } = await this.switches.throw(person, scope, target ?? person.tenantId, reason);
    reply.code(isNew ? 201 : 200);
    return view(thrown);
  }

  @Get()
  async list(
    @CurrentPerson() { tenantId }: Person,
    @Query() page: PageQuery,
  ): Promise<{ kill_switches: readonly KillSwitchView[]; total: number }> {
    const { switches, total } = await this.switches.list(tenantId, page);
    return { kill_switches: switches.map(view), total };
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireRole('admin')
  async release(@CurrentPerson() person: Person, @Param('id', UuidPipe) id: string): Promise<void> {
    await this.switches.release(person, id);
  }
}

function view(thrown: ThrownKillSwitch): KillSwitchView {
  const { id, scope, target, reason, createdByName, createdAt } = thrown;
  return { id, scope, target, reason, created_by: createdByName, created_at: createdAt.toISOString() };
}
