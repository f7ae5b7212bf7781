import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { PlainText } from '@behavry/platform';

/** `POST /api/v1/admin/data-plane-tokens`. */
export class IssueTokenRequest {
  @PlainText(200) label!: string;
  @IsOptional() @PlainText(100) region?: string;
  @IsOptional() @IsInt() @Min(1) @Max(3650) expires_days?: number;
}

/** `POST /api/v1/admin/data-plane-tokens/{id}/rotate`. */
export class RotateTokenRequest {
  @IsOptional() @IsInt() @Min(0) @Max(2_592_000) overlap_seconds?: number;
}

/** A token as the contract shows it when it is issued; `token` is shown this once. */
export interface IssuedTokenResponse {
  readonly id: string;
  readonly label: string;
  readonly tenant_id: string;
  readonly deployment_id: string | null;
  readonly region: string | null;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_seen_at: string | null;
  readonly revoked_at: string | null;
  readonly token: string;
}

/** A token as listed: with what its last heartbeat said, never with its hash. */
export interface TokenView extends Omit<IssuedTokenResponse, 'token'> {
  readonly prefix: string;
  readonly state: 'revoked' | 'expired' | 'unused' | 'healthy' | 'late' | 'stale' | 'offline';
  readonly active_agent_count: number | null;
  readonly opa_bundle_version: string | null;
  readonly last_heartbeat_at: string | null;
}
