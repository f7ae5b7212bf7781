import { IsInt, IsNumber, IsOptional, IsString, Matches, MaxLength, Min } from 'class-validator';
import type { PublicJwk } from '../plane-state';

/** Body of `POST /api/v1/data-planes/{deployment_id}/heartbeat`; the fields of the contract, then optional extras. */
export class HeartbeatRequest {
  @IsString() @MaxLength(128) deployment_id!: string;
  @IsInt() @Min(0) active_agent_count!: number;
  @IsNumber() @Min(0) proxy_rpm_1m!: number;
  @IsInt() @Min(0) escalations_pending!: number;
  @IsString() @MaxLength(64) opa_bundle_version!: string;
  @IsNumber() @Min(0) uptime_seconds!: number;

  @IsOptional() @IsString() @MaxLength(64) version?: string;
  @IsOptional() @IsString() @MaxLength(64) config_revision?: string;
  @IsOptional() @IsString() @MaxLength(16) license_state?: string;
  @IsOptional() @IsString() @MaxLength(256) @Matches(/^https?:\/\//) public_url?: string;
}

/** What the control plane answers to a heartbeat (semantics: heartbeat). */
export interface HeartbeatResponse {
  readonly server_time: string;
  readonly desired_revision: string | null;
  readonly update_available: boolean;
  readonly bundle_keys: readonly PublicJwk[];
}
