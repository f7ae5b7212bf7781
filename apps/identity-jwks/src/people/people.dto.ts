import { IsEmail, IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { ROLES, type Role } from '@behavry/contracts';
import { PlainText } from '@behavry/platform';
import type { PersonStatus } from './person-records';

const STATUSES = ['active', 'disabled'] as const;

/** `POST /api/v1/admin/users`. On a data plane the role is viewer, analyst or admin. */
export class InvitePersonRequest {
  @PlainText(200) username!: string;
  @IsOptional() @IsEmail() @MaxLength(320) email?: string;
  @IsIn(ROLES) role!: Role;
}

/** `PATCH /api/v1/admin/users/{id}`. */
export class ChangePersonRequest {
  @IsOptional() @IsIn(ROLES) role?: Role;
  @IsOptional() @IsIn(STATUSES) status?: PersonStatus;
}

/** `POST /api/v1/auth/invitations/accept`: for an invitation and for a link that resets a password. */
export class AcceptLinkRequest {
  @IsString() @MaxLength(256) token!: string;
  @IsString() @MaxLength(4096) password!: string;
}

export interface InvitedPersonResponse {
  readonly id: string;
  /** Shown once. */
  readonly invite_url: string;
  readonly expires_at: string;
}

export interface ResetLinkResponse {
  readonly id: string;
  /** Shown once. */
  readonly reset_url: string;
  readonly expires_at: string;
}

export interface UserView {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly roles: readonly string[];
  readonly super_admin: boolean;
  /** `invited`: no password was set yet. */
  readonly status: 'invited' | PersonStatus;
  readonly last_sign_in_at: string | null;
  readonly created_at: string;
}
