import { Controller, Get, Param } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CurrentPerson, type Person } from '@behavry/platform';
import { findAgent } from './find-agent';
import type { AgentBehaviorView } from './risk.dto';
import { agentBehaviorView } from './risk.mapper';

/** What is usual for an agent. */
@Controller('api/v1/behavior/agents')
export class BehaviorController {
  constructor(private readonly database: DataSource) {}

  @Get(':id')
  async get(@CurrentPerson() { tenantId }: Person, @Param('id') id: string): Promise<AgentBehaviorView> {
    return agentBehaviorView(await findAgent(this.database, tenantId, id));
  }
}
