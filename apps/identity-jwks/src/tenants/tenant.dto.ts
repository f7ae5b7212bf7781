import {
  IsEmail,
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Type } from 'class-transformer';
import { PlainText } from '@behavry/platform';

const PLAN_TIERS = ['trial', 'professional', 'enterprise'] as const;
type PlanTier = (typeof PLAN_TIERS)[number];

class FirstAdministrator {
  @PlainText(200) username!: string;
  @IsOptional() @IsEmail() email?: string;
}

/** `POST /api/v1/super-admin/tenants`. */
export class CreateTenantRequest {
  @PlainText(200) name!: string;
  @Matches(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/) slug!: string;
  @IsIn(PLAN_TIERS) plan_tier!: PlanTier;
  @ValidateNested() @Type(() => FirstAdministrator) admin!: FirstAdministrator;
}

/** `PATCH /api/v1/super-admin/tenants/{id}`. */
export class ChangeTenantRequest {
  @IsOptional() @PlainText(200) name?: string;
  @IsOptional() @IsIn(PLAN_TIERS) plan_tier?: PlanTier;
  @IsOptional() @IsInt() @Min(-1) max_agents?: number;
  @IsOptional() @IsISO8601({ strict: true }) license_expires_at?: string;
}

/** `POST /api/v1/signup`. */
export class SignupRequest {
  @PlainText(200) organization!: string;
  @PlainText(200) username!: string;
  @IsEmail() email!: string;
  @IsString() @MaxLength(4096) password!: string;
}

export interface CreatedTenantResponse {
  readonly id: string;
  readonly license_key: string;
  readonly admin: { readonly username: string; readonly password: string };
}

export interface TenantView {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly plan_tier: string;
  readonly status: string;
  readonly created_at: string;
}
