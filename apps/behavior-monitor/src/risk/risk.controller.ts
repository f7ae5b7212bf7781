import { Controller, Get, Param, Query } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RiskRepository } from '@behavry/db-data';
import { CurrentPerson, PageQuery, withTenant, type Person } from '@behavry/platform';
import { findAgent } from './find-agent';
import type { AgentRiskView } from './risk.dto';
import { agentRiskView } from './risk.mapper';

/** Risk scores, each part with what it is founded on. */
@Controller('api/v1/risk/agents')
export class RiskController {
  constructor(private readonly database: DataSource) {}

  @Get()
  async list(
    @CurrentPerson() { tenantId }: Person,
    @Query() page: PageQuery,
  ): Promise<{ agents: readonly AgentRiskView[]; total: number }> {
    const { agents, total } = await withTenant(this.database, tenantId, (manager) =>
      new RiskRepository(manager, tenantId).list(page),
    );
    return { agents: agents.map(agentRiskView), total };
  }

  @Get(':id')
  async get(@CurrentPerson() { tenantId }: Person, @Param('id') id: string): Promise<AgentRiskView> {
    return agentRiskView(await findAgent(this.database, tenantId, id));
  }
}
