import type { DataSource } from 'typeorm';
import { RiskRepository, type AgentRisk } from '@behavry/db-data';
import { ProblemError, withTenant } from '@behavry/platform';

/** @throws ProblemError 404 when no call of this agent was ever recorded on this plane */
export async function findAgent(database: DataSource, tenantId: string, agentId: string): Promise<AgentRisk> {
  const [risk] = await withTenant(database, tenantId, (manager) =>
    new RiskRepository(manager, tenantId).byIds([agentId]),
  );
  if (!risk) throw new ProblemError('not_found', 'No call of an agent with this id was recorded here.');
  return risk;
}
