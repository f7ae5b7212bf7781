import { Body, Controller, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CurrentPerson, PageQuery, PlaneState, type Person, UuidPipe } from '@behavry/platform';
import type { RiskScore } from '@behavry/contracts';
import { CreateAgentRequest, type AgentView, type EnrolledAgentResponse } from './agent.dto';
import { agentView } from './agent.mapper';
import { AgentService, type AgentMove } from './agent.service';

/** Agents as an administrator sees them. */
@Controller('api/v1/agents')
export class AgentController {
  constructor(
    private readonly agents: AgentService,
    private readonly state: PlaneState,
  ) {}

  @Post()
  @Header('cache-control', 'no-store')
  create(@CurrentPerson() person: Person, @Body() body: CreateAgentRequest): Promise<EnrolledAgentResponse> {
    return this.agents.create(person, {
      name: body.name,
      agentType: body.agent_type ?? 'custom',
      owner: body.owner ?? null,
      roles: body.roles ?? [],
      permissions: body.permissions ?? [],
    });
  }

  @Get()
  async list(
    @CurrentPerson() { tenantId }: Person,
    @Query() page: PageQuery,
  ): Promise<{ agents: readonly AgentView[]; total: number }> {
    const { agents, total } = await this.agents.list(tenantId, page);
    return { agents: agents.map((agent) => agentView(agent, this.#risk(agent.id))), total };
  }

  @Get(':id')
  async get(@CurrentPerson() { tenantId }: Person, @Param('id', UuidPipe) id: string): Promise<AgentView> {
    return agentView(await this.agents.get(tenantId, id), this.#risk(id));
  }

  @Post(':id/suspend')
  @HttpCode(200)
  suspend(@CurrentPerson() person: Person, @Param('id', UuidPipe) id: string): Promise<AgentView> {
    return this.#move(person, id, 'suspend');
  }

  @Post(':id/reactivate')
  @HttpCode(200)
  reactivate(@CurrentPerson() person: Person, @Param('id', UuidPipe) id: string): Promise<AgentView> {
    return this.#move(person, id, 'reactivate');
  }

  @Post(':id/deprovision')
  @HttpCode(200)
  deprovision(@CurrentPerson() person: Person, @Param('id', UuidPipe) id: string): Promise<AgentView> {
    return this.#move(person, id, 'deprovision');
  }

  @Post(':id/rotate-secret')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  rotateSecret(
    @CurrentPerson() person: Person,
    @Param('id', UuidPipe) id: string,
  ): Promise<EnrolledAgentResponse> {
    return this.agents.rotateSecret(person, id);
  }

  async #move(person: Person, id: string, name: AgentMove): Promise<AgentView> {
    return agentView(await this.agents.move(person, id, name), this.#risk(id));
  }

  #risk(id: string): RiskScore | undefined {
    return this.state.get('risk')?.value.agents[id];
  }
}
