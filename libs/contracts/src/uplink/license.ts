import { IsInt, IsOptional, IsString, MaxLength, Min } from 'class-validator';
import type { PublicJwk } from '../plane-state';

/** `POST /api/v1/licenses/validate` as the contract writes it. */
export class LicenseValidateRequest {
  @IsString() @MaxLength(4096) license_key!: string;
  @IsString() @MaxLength(128) deployment_id!: string;
  @IsString() @MaxLength(256) data_plane_token!: string;
  @IsInt() @Min(0) reported_agent_count!: number;
  @IsOptional() @IsString() @MaxLength(64) version?: string;
}

/** The answer of the contract, with the keys that sign bundles and config documents. */
export interface LicenseValidateResponse {
  readonly valid: boolean;
  readonly plan_tier: string | null;
  readonly expires_at: string | null;
  readonly max_agents: number | null;
  readonly grace_period_days: number;
  readonly update_available: boolean;
  readonly update_notes: string | null;
  readonly bundle_keys: readonly PublicJwk[];
}
