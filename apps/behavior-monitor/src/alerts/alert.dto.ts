import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import type { Severity } from '@behavry/contracts';
import type { AlertKind, AlertStatus } from '@behavry/db-data';
import { PageQuery } from '@behavry/platform';

const STATUSES: readonly AlertStatus[] = ['open', 'acknowledged', 'resolved'];

export class AlertQuery extends PageQuery {
  @IsOptional()
  @IsIn(STATUSES)
  status?: AlertStatus;

  @IsOptional()
  @IsString()
  @MaxLength(128)
  agent_id?: string;
}

export interface AlertView {
  readonly id: string;
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly status: AlertStatus;
  readonly agent_id: string;
  readonly summary: string;
  readonly evidence: unknown;
  readonly opened_at: string;
  readonly last_seen_at: string;
  readonly acknowledged_at: string | null;
  readonly acknowledged_by: string | null;
  readonly resolved_at: string | null;
  readonly resolved_by: string | null;
}
