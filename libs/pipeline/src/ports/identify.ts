/** Who an exchange comes from, as its token says. */
export interface Identity {
  readonly agentId: string;
  /** `jti` of the token. */
  readonly sessionId: string;
  readonly tenantId: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

/** Turns a bearer token into an identity, without waiting. */
export interface Identify {
  /** @returns the identity, or undefined for a token that is not valid here and now */
  identify(token: string): Identity | undefined;
}
