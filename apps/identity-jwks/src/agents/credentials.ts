import { randomBytes } from 'node:crypto';
import { sha256 } from '@behavry/platform';

export interface NewCredentials {
  readonly clientId: string;
  /** Shown once; 256 random bits. */
  readonly clientSecret: string;
  readonly secretSha256: Buffer;
}

/** @returns a new client secret and the only form of it that is kept */
export function newSecret(): { readonly clientSecret: string; readonly secretSha256: Buffer } {
  const clientSecret = `acs_${randomBytes(32).toString('base64url')}`;
  return { clientSecret, secretSha256: sha256(clientSecret) };
}

/** @returns credentials of a new agent */
export function newCredentials(): NewCredentials {
  return { clientId: `agt_${randomBytes(18).toString('base64url')}`, ...newSecret() };
}
