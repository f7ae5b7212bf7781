/** What a valid token of an agent or a person says. */
export interface VerifiedToken {
  readonly subject: string;
  /** `jti`: the session. */
  readonly sessionId: string;
  readonly issuer: string;
  readonly audience: string;
  readonly tenantId: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** Persons only. */
  readonly username: string;
  readonly isSuperAdmin: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

export type TokenFault =
  'malformed' | 'unknown_issuer' | 'unknown_key' | 'bad_signature' | 'wrong_audience' | 'expired';

export type TokenResult =
  { readonly ok: true; readonly token: VerifiedToken } | { readonly ok: false; readonly fault: TokenFault };

export const AGENT_AUDIENCE = 'behavry:agent';
export const PERSON_AUDIENCE = 'behavry:person';
