import {
  ArrayMaxSize,
  IsArray,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  Max,
  MaxLength,
} from 'class-validator';
import { PlainText, PlainTexts } from '@behavry/platform';

/** `POST /api/v1/enrollment/tokens`. */
export class CreateEnrollmentTokenRequest {
  @PlainText(200) label!: string;
  @IsOptional() @IsNumber() @IsPositive() @Max(8760) expires_hours?: number;
  @IsOptional() @IsArray() @ArrayMaxSize(100) @PlainTexts(100) roles?: string[];
  @IsOptional() @IsArray() @ArrayMaxSize(100) @PlainTexts(200) permissions?: string[];
}

export interface CreatedEnrollmentTokenResponse {
  readonly id: string;
  /** Shown once. */
  readonly token: string;
  readonly label: string;
  readonly expires_at: string;
}

export interface EnrollmentTokenView {
  readonly id: string;
  readonly label: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly state: 'open' | 'used' | 'expired';
  readonly agent_id: string | null;
  readonly created_at: string;
  readonly expires_at: string;
  readonly used_at: string | null;
}

/** `POST /api/v1/enroll`. */
export class EnrollRequest {
  @IsString() @MaxLength(256) token!: string;
  @PlainText(200) name!: string;
  @IsOptional() @PlainText(100) agent_type?: string;
}
