import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AGENT_AUDIENCE, Clock, PERSON_AUDIENCE, ServiceContext, uuidv7 } from '@behavry/platform';
import type { IdentityConfig } from '../identity-jwks.config';
import { OwnKey } from '../keys/own-key';

/** Whom a token speaks for. */
export interface TokenSubject {
  readonly id: string;
  readonly tenantId: string;
  readonly roles: readonly string[];
  readonly tokensNotBefore: Date | null;
}

export interface AgentSubject extends TokenSubject {
  readonly permissions: readonly string[];
}

export interface PersonSubject extends TokenSubject {
  readonly username: string;
  readonly superAdmin: boolean;
}

export interface SignedToken {
  readonly token: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly expiresAt: Date;
}

/** Signs tokens of this plane: RS256 with `kid`, a new `jti` each, the session of an agent (semantics: identity). */
@Injectable()
export class TokenSigner {
  readonly #jwt: JwtService;

  constructor(
    private readonly context: ServiceContext<IdentityConfig>,
    private readonly key: OwnKey,
    private readonly clock: Clock,
  ) {
    this.#jwt = new JwtService({
      privateKey: key.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      signOptions: { algorithm: 'RS256', keyid: key.kid },
    });
  }

  async forAgent(subject: AgentSubject): Promise<SignedToken> {
    return this.#sign(AGENT_AUDIENCE, subject, { permissions: [...subject.permissions] });
  }

  /**
   * @param sid the session, which may have several tokens one after another
   * @param until milliseconds since the Unix epoch that no token outlives; no bound when not given
   */
  async forPerson(subject: PersonSubject, sid: string, until = Infinity): Promise<SignedToken> {
    const { username, superAdmin } = subject;
    const more = { permissions: [], sid, username, super_admin: superAdmin };
    return this.#sign(PERSON_AUDIENCE, subject, more, until);
  }

  async #sign(
    aud: string,
    subject: TokenSubject,
    more: Readonly<Record<string, unknown>>,
    until = Infinity,
  ): Promise<SignedToken> {
    const now = this.clock.now();
    // Never older than the end of earlier tokens, which lies up to a second ahead.
    const iat = Math.max(Math.floor(now / 1000), Math.ceil((subject.tokensNotBefore?.getTime() ?? 0) / 1000));
    const exp = Math.min(iat + this.context.config.tokenTtlSeconds, Math.floor(until / 1000));
    const token = await this.#jwt.signAsync({
      sub: subject.id,
      jti: uuidv7(now),
      iss: this.key.issuer,
      aud,
      tenant_id: subject.tenantId,
      roles: [...subject.roles],
      iat,
      exp,
      ...more,
    });
    return { token, expiresIn: exp - iat, expiresAt: new Date(exp * 1000) };
  }
}
