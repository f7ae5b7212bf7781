import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { SessionRepository } from '@behavry/db-data';
import { CurrentPerson, RequireRole, withTenant, type Person } from '@behavry/platform';
import { DataSource } from 'typeorm';
import { SessionEnds } from './session-ends';
import { sessionView, SessionsQuery, type SessionView } from './session.dto';

/** Agents' sessions of this plane. */
@Controller('api/v1/sessions')
export class SessionController {
  constructor(
    private readonly source: DataSource,
    private readonly ends: SessionEnds,
  ) {}

  @Get()
  async list(
    @CurrentPerson() { tenantId }: Person,
    @Query() query: SessionsQuery,
  ): Promise<{ sessions: readonly SessionView[]; total: number }> {
    const filter = {
      ...(query.agent_id === undefined ? {} : { agentId: query.agent_id }),
      ...(query.status === undefined ? {} : { status: query.status }),
    };
    const { sessions, total } = await withTenant(this.source, tenantId, (manager) =>
      new SessionRepository(manager, tenantId).list(filter, query),
    );
    return { sessions: sessions.map(sessionView), total };
  }

  /** Revokes: the agent's next call with this session's token is refused. */
  @Delete(':id')
  @HttpCode(204)
  @RequireRole('analyst')
  async revoke(@CurrentPerson() person: Person, @Param('id') id: string): Promise<void> {
    await this.ends.end(person, id);
  }
}
