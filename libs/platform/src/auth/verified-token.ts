/** What a valid token of an agent or a person says. */
export interface VerifiedToken {
  readonly subject: string;
  /** The session: `jti`, or a person's `sid`. */
  readonly sessionId: string;
  readonly issuer: string;
  readonly audience: string;
  readonly tenantId: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** Persons only. */
  readonly username: string;
  readonly isSuperAdmin: boolean;
  /** `iat` in milliseconds since the Unix epoch; 0 when the token does not tell, older than every end of tokens. */
  readonly issuedAt: number;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

export type TokenFault =
  'malformed' | 'unknown_issuer' | 'unknown_key' | 'bad_signature' | 'wrong_audience' | 'expired';

export type TokenResult =
  { readonly ok: true; readonly token: VerifiedToken } | { readonly ok: false; readonly fault: TokenFault };

/**
 * Whether a token was ended by its issuer's word.
 * @param issuedAt milliseconds since the Unix epoch
 * @param tokensNotBefore RFC 3339, null for none; what cannot be read ends every token
 */
export function isEnded(issuedAt: number, tokensNotBefore: string | null): boolean {
  return tokensNotBefore !== null && !(issuedAt >= Date.parse(tokensNotBefore));
}

export const AGENT_AUDIENCE = 'behavry:agent';
export const PERSON_AUDIENCE = 'behavry:person';
