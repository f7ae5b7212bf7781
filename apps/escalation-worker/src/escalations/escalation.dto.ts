import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import type { RiskTier } from '@behavry/contracts';
import type { EscalationStatus } from '@behavry/db-data';
import { PageQuery } from '@behavry/platform';

const STATUSES: readonly EscalationStatus[] = ['pending', 'approved', 'denied', 'expired', 'cancelled'];

export class EscalationQuery extends PageQuery {
  @IsOptional()
  @IsIn(STATUSES)
  status?: EscalationStatus;
}

export class ResolveRequest {
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  comment?: string;
}

/** An escalation as people see it. `arguments` only for those who may decide, while they are kept. */
export interface EscalationView {
  readonly id: string;
  readonly status: EscalationStatus;
  readonly kind: 'mcp' | 'llm';
  readonly decision_id: string;
  readonly agent_id: string;
  readonly session_id: string;
  readonly server: string;
  readonly tool: string;
  readonly action: string;
  readonly target: string;
  readonly arguments_digest: string;
  readonly arguments?: unknown;
  readonly policy: string;
  readonly reason: string;
  readonly risk_tier: RiskTier;
  readonly created_at: string;
  readonly expires_at: string;
  readonly decided_at: string | null;
  readonly decided_by: string | null;
  readonly comment: string | null;
  /** When the decision reached a call; an approval is used up by it. */
  readonly claimed_at: string | null;
}
