import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import type { RiskTier } from '@behavry/contracts';
import { PlainText } from '@behavry/platform';

/** `POST /api/v1/auth/token`, as JSON or form (RFC 6749 §4.4). */
export class AgentTokenRequest {
  @PlainText(200) client_id!: string;
  @IsString() @MaxLength(512) client_secret!: string;
  @IsOptional()
  @IsIn(['client_credentials'])
  grant_type?: string;
}

export interface AgentTokenResponse {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly agent_id: string;
  readonly risk_tier: RiskTier;
}
