import type { FastifyRequest } from 'fastify';
import { ROLES, type LivePerson, type PeopleState, type Role } from '@behavry/contracts';
import { ProblemError } from '../errors/problem-error';
import { sha256Hex } from '../keys/hash';
import type { PlaneState } from '../state/plane-state';
import type { Clock } from '../time/clock';
import { bearerOf, notePerson, reachesRole, type Person } from './person';
import type { SessionCookie } from './session-cookie';
import type { TokenVerifier } from './token-verifier';
import { isEnded, PERSON_AUDIENCE, type VerifiedToken } from './verified-token';

/** How often somebody who is not known here may make the plane's state be read again. */
const LOOK_AGAIN_MS = 1_000;

const API_KEY = /^bak_[\w-]{43}$/;

/** What a request shows: a key of a program, or a token and whether a cookie held it. */
type Shown =
  | { readonly kind: 'api_key'; readonly sha256: string }
  | { readonly kind: 'token'; readonly token: VerifiedToken; readonly isCookie: boolean };

export interface PersonAccessOptions {
  readonly verifier: TokenVerifier;
  readonly state: PlaneState;
  readonly cookie: SessionCookie;
  readonly clock: Clock;
}

/**
 * Finds the person behind a request. Token, cookie or key say who it is; whether that person may act, as what and by
 * this session or key, is looked at now.
 */
export class PersonAccess {
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: PersonAccessOptions) {}

  /**
   * Reads the plane's state again for somebody so new that the word of it has not come here yet.
   * @throws ProblemError as {@link authenticate} does for what a request shows
   */
  async meet(request: FastifyRequest): Promise<void> {
    const shown = this.#shown(request);
    // Whoever shows a key that is not known may be any stranger, and makes nobody look.
    if (shown.kind === 'api_key' || this.#people().people[shown.token.subject]) return;
    const now = performance.now();
    if (now - this.#lookedAt < LOOK_AGAIN_MS) return;
    this.#lookedAt = now;
    await this.options.state.resynchronise().catch(() => undefined);
  }

  /**
   * @returns the person, whom the request then has as `CurrentPerson`
   * @throws ProblemError 401 when there is none, what it shows is not valid, or was ended; 403 when another page sent it
   */
  authenticate(request: FastifyRequest): Person {
    const shown = this.#shown(request);
    const person = shown.kind === 'token' ? this.#byToken(shown) : this.#byKey(shown.sha256);
    notePerson(request, person);
    return person;
  }

  /** Whether whoever made a request may go on with it, for answers that last: nothing was ended or taken away meanwhile. */
  mayGoOn(request: FastifyRequest, role: Role): boolean {
    try {
      return reachesRole(this.authenticate(request).roles, role);
    } catch (error) {
      if (error instanceof ProblemError) return false;
      throw error;
    }
  }

  #byToken({ token, isCookie }: Extract<Shown, { kind: 'token' }>): Person {
    const { people, ended_sessions: ended } = this.#people();
    const { subject: id, sessionId, username, tenantId } = token;
    const live = people[id];
    if (!live || ended?.[sessionId] !== undefined || isTokenEnded(token, live))
      throw unauthenticated('This session was ended; sign in again at POST /api/v1/auth/admin/login.');
    return {
      id,
      username,
      tenantId,
      roles: live.roles,
      isSuperAdmin: live.super_admin,
      by: { kind: 'session', id: sessionId, isCookie },
    };
  }

  #byKey(sha256: string): Person {
    const { people, api_keys: keys } = this.#people();
    const key = keys?.[sha256];
    const live = key && people[key.person_id];
    if (!key || !live || Date.parse(key.expires_at) <= this.options.clock.now())
      throw unauthenticated('This API key is not known here, has expired, or its person may not act now.');
    return {
      id: key.person_id,
      username: key.username,
      tenantId: key.tenant_id,
      roles: live.roles.map((role) => weaker(role, key.role)),
      isSuperAdmin: false,
      by: { kind: 'api_key', id: key.id },
    };
  }

  #shown(request: FastifyRequest): Shown {
    const { authorization } = request.headers;
    const isCookie = authorization === undefined;
    const text = isCookie ? this.options.cookie.read(request) : bearerOf(authorization);
    if (!isCookie && text !== undefined && API_KEY.test(text))
      return { kind: 'api_key', sha256: sha256Hex(text) };
    const result = text === undefined ? undefined : this.options.verifier.verify(text, PERSON_AUDIENCE);
    if (!result?.ok) throw unauthenticated(explain(result?.fault === 'expired'));
    return { kind: 'token', token: result.token, isCookie };
  }

  #people(): PeopleState {
    return this.options.state.get('people')?.value ?? { people: {} };
  }
}

function isTokenEnded({ issuedAt, sessionId }: VerifiedToken, live: LivePerson): boolean {
  return isEnded(issuedAt, live.tokens_not_before) && sessionId !== live.kept_session;
}

function weaker(one: Role, other: Role): Role {
  return ROLES.indexOf(one) < ROLES.indexOf(other) ? one : other;
}

function unauthenticated(detail: string): ProblemError {
  return new ProblemError('unauthenticated', detail, { headers: { 'www-authenticate': 'Bearer' } });
}

function explain(isExpired: boolean): string {
  return isExpired
    ? 'The token has expired; sign in again at POST /api/v1/auth/admin/login.'
    : 'Send Authorization: Bearer <token> from POST /api/v1/auth/admin/login.';
}
