import { IsIn, IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { ROLES, type Role } from '@behavry/contracts';
import { PlainText } from '@behavry/platform';

/** `POST /api/v1/auth/password`. */
export class ChangePasswordRequest {
  @IsString() @MaxLength(1024) current!: string;
  @IsString() @MaxLength(4096) new!: string;
}

export interface ChangedPasswordResponse {
  /** Other sessions that ended. */
  readonly sessions_ended: number;
  /** Keys that are good as before; whoever fears that somebody was there looks at them. */
  readonly api_keys: number;
}

/** `POST /api/v1/auth/api-keys`. */
export class CreateApiKeyRequest {
  @PlainText(200) label!: string;
  @IsIn(ROLES) role!: Role;
  @IsInt() @Min(1) @Max(365) expires_days!: number;
}

export interface SessionView {
  readonly id: string;
  readonly kind: 'bearer' | 'cookie';
  /** IPv4 address, or the first half of an IPv6 address. */
  readonly address: string;
  readonly user_agent: string;
  readonly created_at: string;
  /** When it was begun or renewed last. */
  readonly last_used_at: string;
  readonly expires_at: string;
  /** Whether it is the session of this request. */
  readonly current: boolean;
}

export interface RenewedSessionResponse {
  /** Seconds. */
  readonly expires_in: number;
  readonly expires_at: string;
}

export interface ApiKeyView {
  readonly id: string;
  readonly label: string;
  readonly role: Role;
  readonly created_at: string;
  readonly expires_at: string;
}

export interface CreatedApiKeyResponse extends ApiKeyView {
  /** Shown once. */
  readonly key: string;
}
