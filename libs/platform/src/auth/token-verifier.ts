import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readJws, type TrustedIssuer } from '@behavry/contracts';
import { sha256 } from '../keys/hash';
import type { Clock } from '../time/clock';
import { PERSON_AUDIENCE, type TokenResult, type VerifiedToken } from './verified-token';

const MAX_TOKEN_CHARACTERS = 8192;
const MAX_CACHED = 10_000;

interface KnownIssuer {
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly audiences: ReadonlySet<string>;
}

/**
 * Verifies RS256 tokens of the trusted issuers (RFC 7515, 7519; semantics: identity). A token seen before
 * is found by its SHA-256 and costs microseconds; the cache ends with the token or a change of keys.
 */
export class TokenVerifier {
  #issuers: ReadonlyMap<string, KnownIssuer> = new Map();
  readonly #cache = new Map<string, VerifiedToken>();

  /** @param onUnknownKey called when a trusted issuer's token names a key that is not known here */
  constructor(
    private readonly clock: Clock,
    private readonly onUnknownKey: () => void = () => undefined,
  ) {}

  /** Replaces who is trusted. */
  trust(issuers: readonly TrustedIssuer[]): void {
    this.#cache.clear();
    this.#issuers = new Map(
      issuers.map(({ iss, keys, audiences }) => [
        iss,
        {
          keys: new Map(keys.map((jwk) => [jwk.kid, createPublicKey({ key: { ...jwk }, format: 'jwk' })])),
          audiences: new Set(audiences),
        },
      ]),
    );
  }

  /** Whether anybody is trusted yet. */
  get hasIssuers(): boolean {
    return this.#issuers.size > 0;
  }

  /**
   * @param token compact JWS
   * @param audience the one audience that is accepted here
   */
  verify(token: string, audience: string): TokenResult {
    if (token.length > MAX_TOKEN_CHARACTERS) return { ok: false, fault: 'malformed' };
    const key = sha256(token).toString('base64');
    const cached = this.#cache.get(key);
    const result: TokenResult = cached ? { ok: true, token: cached } : this.#verifyAnew(token);
    if (!result.ok) return result;
    if (result.token.expiresAt <= this.clock.now()) {
      this.#cache.delete(key);
      return { ok: false, fault: 'expired' };
    }
    if (!cached) this.#remember(key, result.token);
    return result.token.audience === audience ? result : { ok: false, fault: 'wrong_audience' };
  }

  #verifyAnew(token: string): TokenResult {
    const jws = readJws(token);
    const claims = jws?.payload();
    if (!jws || !claims) return { ok: false, fault: 'malformed' };
    const issuer = this.#issuers.get(String(claims['iss']));
    if (!issuer) return { ok: false, fault: 'unknown_issuer' };
    const publicKey = issuer.keys.get(String(jws.header['kid']));
    if (!publicKey) {
      this.onUnknownKey();
      return { ok: false, fault: 'unknown_key' };
    }
    if (!verify('sha256', jws.signed, publicKey, jws.signature)) return { ok: false, fault: 'bad_signature' };
    const verified = narrow(claims);
    if (!verified) return { ok: false, fault: 'malformed' };
    return issuer.audiences.has(verified.audience)
      ? { ok: true, token: verified }
      : { ok: false, fault: 'wrong_audience' };
  }

  #remember(key: string, token: VerifiedToken): void {
    if (this.#cache.size >= MAX_CACHED) {
      const oldest = this.#cache.keys().next();
      if (!oldest.done) this.#cache.delete(oldest.value);
    }
    this.#cache.set(key, token);
  }
}

function narrow(claims: Readonly<Record<string, unknown>>): VerifiedToken | undefined {
  const { sub, jti, sid, iss, aud, tenant_id: tenantId, iat, exp } = claims;
  if (typeof sub !== 'string' || typeof jti !== 'string' || typeof iss !== 'string') return undefined;
  if (typeof aud !== 'string' || typeof tenantId !== 'string' || typeof exp !== 'number') return undefined;
  return {
    subject: sub,
    // A person's session goes on over several tokens.
    sessionId: aud === PERSON_AUDIENCE && typeof sid === 'string' ? sid : jti,
    issuer: iss,
    audience: aud,
    tenantId,
    roles: texts(claims['roles']),
    permissions: texts(claims['permissions']),
    username: typeof claims['username'] === 'string' ? claims['username'] : '',
    isSuperAdmin: claims['super_admin'] === true,
    issuedAt: typeof iat === 'number' ? iat * 1000 : 0,
    expiresAt: exp * 1000,
  };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
