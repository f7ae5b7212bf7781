import { ArrayMaxSize, IsArray, IsInt, IsOptional, Max, Min, ValidateIf } from 'class-validator';
import { PlainTexts } from '@behavry/platform';

/** `PUT /api/v1/blast-radius`; what is absent stays as it is. */
export class BlastRadiusRequest {
  @IsOptional() @IsInt() @Min(1) @Max(64) min_delete_depth?: number;
  @IsOptional() @IsInt() @Min(0) @Max(1_000_000) email_recipient_limit?: number;
  @IsOptional() @IsInt() @Min(0) @Max(1_000_000_000) bulk_action_threshold?: number;
  @IsOptional() @IsArray() @ArrayMaxSize(500) @PlainTexts(500) config_paths?: string[];
  @IsOptional() @IsArray() @ArrayMaxSize(500) @PlainTexts(200) protected_files?: string[];
}

const isLimit = (name: keyof RateLimitsRequest) => (body: RateLimitsRequest) =>
  body[name] !== undefined && body[name] !== null;

/** `PUT /api/v1/rate-limits`; calls a minute and calls at once, `null` is unlimited, what is absent stays as it is. */
export class RateLimitsRequest {
  @ValidateIf(isLimit('agent_per_minute')) @IsInt() @Min(1) @Max(1_000_000) agent_per_minute?: number | null;
  @ValidateIf(isLimit('tenant_per_minute')) @IsInt() @Min(1) @Max(100_000_000) tenant_per_minute?:
    number | null;
  @ValidateIf(isLimit('agent_concurrency')) @IsInt() @Min(1) @Max(10_000) agent_concurrency?: number | null;
}
