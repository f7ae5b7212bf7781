import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import type { SeenRiskTier } from '@behavry/contracts';
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

/** An escalation as people see it. `arguments` and `beside` of one that is asked for by id, for those who may decide, while they are kept. */
export interface EscalationView {
  readonly id: string;
  readonly status: EscalationStatus;
  readonly kind: 'mcp' | 'llm';
  readonly decision_id: string;
  readonly agent_id: string;
  readonly session_id: string;
  readonly server: string;
  /** Digest of the server's registration when the call was held; empty for models. */
  readonly server_digest: string;
  readonly tool: string;
  readonly action: string;
  /** A path, address or name as it may be shown; `class:key` of what may not. */
  readonly target: string | null;
  readonly arguments_digest: string;
  readonly arguments?: unknown;
  /** What else of the call goes upstream. */
  readonly beside?: unknown;
  readonly policy: string;
  readonly policy_id: string;
  readonly policy_version: number;
  readonly reason: string;
  readonly risk_tier: SeenRiskTier;
  readonly created_at: string;
  readonly expires_at: string;
  readonly decided_at: string | null;
  readonly decided_by: string | null;
  readonly comment: string | null;
  /** When the decision reached a call; an approval is used up by it. */
  readonly claimed_at: string | null;
}
