import type { RiskTier } from '@behavry/contracts';
import type { ActivityBaseline, ActivityBucket, RiskPart } from '@behavry/domain';

export interface AgentRiskView {
  readonly agent_id: string;
  readonly score: number;
  readonly tier: RiskTier;
  readonly parts: readonly RiskPart[];
  readonly first_seen_at: string;
  readonly last_seen_at: string;
  readonly scored_at: string;
}

/** What is usual for an agent, in calls a minute over its active minutes, and its last hour. */
export interface AgentBehaviorView {
  readonly agent_id: string;
  readonly baseline: ActivityBaseline;
  readonly last_hour: readonly ActivityBucket[];
}
