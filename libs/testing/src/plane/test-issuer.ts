import { generateKeyPairSync, sign } from 'node:crypto';
import type { PublicJwk, Role, TrustedIssuer } from '@behavry/contracts';
import { TEST_TENANT } from './config-document';

/** Claims of a token; what is undefined is left out. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** In the place of identity-jwks: signs tokens of agents and persons with a key of its own. */
export class TestIssuer {
  readonly publicJwk: PublicJwk;
  readonly #key = generateKeyPairSync('rsa', { modulusLength: 2048 });

  /**
   * @param kid name of its key
   * @param iss its name
   */
  constructor(
    readonly kid = 'test-key',
    readonly iss = 'behavry',
  ) {
    const { n = '', e = '' } = this.#key.publicKey.export({ format: 'jwk' });
    this.publicJwk = { kty: 'RSA', use: 'sig', alg: 'RS256', kid, n, e };
  }

  /** What the plane state `issuers` holds when this issuer alone is trusted, for agents and persons. */
  get trusted(): { readonly issuers: readonly TrustedIssuer[] } {
    const audiences = ['behavry:agent', 'behavry:person'];
    return { issuers: [{ iss: this.iss, keys: [this.publicJwk], audiences }] };
  }

  /** An agent's token, good for an hour; its session is `session-of-<agent>`. */
  agentToken(agentId: string, claims: TokenClaims = {}): string {
    return this.token({
      aud: 'behavry:agent',
      sub: agentId,
      jti: `session-of-${agentId}`,
      roles: ['dev'],
      permissions: [],
      ...claims,
    });
  }

  /** A person's token, good for an hour. */
  personToken(roles: readonly Role[], claims: TokenClaims = {}): string {
    return this.token({
      aud: 'behavry:person',
      sub: '019a0000-0000-7000-8000-0000000000aa',
      jti: 'session-of-a-person',
      username: 'ann',
      roles,
      ...claims,
    });
  }

  /** Any token, signed as it stands. */
  token(claims: TokenClaims): string {
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: this.iss, tenant_id: TEST_TENANT, iat: now, exp: now + 3600, ...claims };
    const text = `${encoded({ alg: 'RS256', typ: 'JWT', kid: this.kid })}.${encoded(all)}`;
    return `${text}.${sign('sha256', Buffer.from(text), this.#key.privateKey).toString('base64url')}`;
  }
}

/** The Authorization header of a token. */
export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
