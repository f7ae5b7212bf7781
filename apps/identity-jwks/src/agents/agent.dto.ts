import { ArrayMaxSize, IsArray, IsOptional } from 'class-validator';
import { PlainText, PlainTexts } from '@behavry/platform';

/** `POST /api/v1/agents`. */
export class CreateAgentRequest {
  @PlainText(200) name!: string;
  @IsOptional() @PlainText(100) agent_type?: string;
  @IsOptional() @PlainText(200) owner?: string;
  @IsOptional() @IsArray() @ArrayMaxSize(100) @PlainTexts(100) roles?: string[];
  @IsOptional() @IsArray() @ArrayMaxSize(100) @PlainTexts(200) permissions?: string[];
}

/** What a new agent needs to begin; the secret is shown this once. */
export interface EnrolledAgentResponse {
  readonly agent_id: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly token_url: string;
  readonly mcp_url: string | null;
}

export interface AgentView {
  readonly id: string;
  readonly name: string;
  readonly agent_type: string;
  readonly owner: string | null;
  readonly status: string;
  readonly client_id: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly risk_tier: string;
  readonly risk_score: number;
  readonly created_at: string;
  readonly updated_at: string;
}
