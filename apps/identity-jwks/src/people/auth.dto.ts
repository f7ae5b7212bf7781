import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { PlainText } from '@behavry/platform';

/** `POST /api/v1/auth/admin/login`. */
export class LoginRequest {
  @PlainText(200) username!: string;
  @IsString() @MaxLength(1024) password!: string;
  /** For a page: the session comes in a cookie that no script can read, and no token in the answer. */
  @IsOptional() @IsIn(['cookie']) session?: 'cookie';
}

export interface LoginResponse {
  /** Not for a page. */
  readonly access_token?: string;
  readonly token_type?: 'Bearer';
  readonly expires_in: number;
  readonly username: string;
  readonly roles: readonly string[];
}

export interface MeResponse {
  readonly username: string;
  readonly roles: readonly string[];
  readonly tenant_id: string;
  readonly super_admin: boolean;
}
