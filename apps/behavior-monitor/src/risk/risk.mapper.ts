import type { AgentRisk } from '@behavry/db-data';
import type { AgentBehaviorView, AgentRiskView } from './risk.dto';

export function agentRiskView(risk: AgentRisk): AgentRiskView {
  return {
    agent_id: risk.agentId,
    score: Math.round(risk.score),
    tier: risk.tier,
    parts: risk.parts,
    first_seen_at: risk.firstSeenAt.toISOString(),
    last_seen_at: risk.lastSeenAt.toISOString(),
    scored_at: risk.scoredAt.toISOString(),
  };
}

export function agentBehaviorView({ agentId, activity }: AgentRisk): AgentBehaviorView {
  return { agent_id: agentId, baseline: activity.baseline, last_hour: activity.buckets };
}
