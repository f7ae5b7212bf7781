import type { RiskScore } from '@behavry/contracts';
import type { Agent } from '@behavry/db-control';
import type { AgentView } from './agent.dto';

/** @param risk the agent's present score; undefined while it has none */
export function agentView(agent: Agent, risk: RiskScore | undefined): AgentView {
  return {
    id: agent.id,
    name: agent.name,
    agent_type: agent.agentType,
    owner: agent.owner,
    status: agent.status,
    client_id: agent.clientId,
    roles: agent.roles,
    permissions: agent.permissions,
    risk_tier: risk?.tier ?? 'low',
    risk_score: risk?.score ?? 0,
    created_at: agent.createdAt.toISOString(),
    updated_at: agent.updatedAt.toISOString(),
  };
}
