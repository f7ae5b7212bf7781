import { Injectable } from '@nestjs/common';
import { Clock, ProblemError, ServiceContext, tooManyRequests, uuidv7, type Person } from '@behavry/platform';
import type { IdentityConfig } from '../identity-jwks.config';
import { LivePeople } from '../people/live-people';
import { PeopleStore, type PeopleWork, type SignInPerson } from '../people/people-store';
import { TokenSigner, type SignedToken } from '../tokens/token-signer';
import type { SessionKind, SessionRecord } from './session-records';

/** Where a session begins. */
export interface SessionStart {
  readonly kind: SessionKind;
  /** Group of addresses. */
  readonly address: string;
  readonly userAgent: string | undefined;
}

/** Beyond so many the one that was used longest ago ends. */
const MAX_SESSIONS = 100;
/** So many are remembered until their tokens expire, ended ones too: every app of the plane knows the ended ones. */
const MAX_REMEMBERED = 1_000;
const MAX_USER_AGENT = 200;
/** However long a page is used, its session ends. */
const COOKIE_LIFE_MS = 12 * 3_600_000;

/** The sessions of people: begun by signing in, renewed in a cookie, ended at once everywhere. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly context: ServiceContext<IdentityConfig>,
    private readonly people: PeopleStore,
    private readonly live: LivePeople,
    private readonly signer: TokenSigner,
    private readonly clock: Clock,
  ) {}

  /**
   * Begins a session, within the transaction that holds the person.
   * @throws ProblemError 429 when somebody signs in over and over
   */
  async begin(
    { sessions }: PeopleWork,
    person: SignInPerson,
    { kind, address, userAgent = '' }: SessionStart,
  ): Promise<SignedToken> {
    const now = new Date(this.clock.now());
    const kept = await sessions.sweep(person.id, now);
    if (kept >= MAX_REMEMBERED)
      throw tooManyRequests(
        'Too many sessions were begun; use one of them, or wait until they are over.',
        60_000,
      );
    if (kept >= MAX_SESSIONS) await sessions.endBeyond(person.id, MAX_SESSIONS - 1, now);
    const id = uuidv7(now.getTime());
    const signed = await this.signer.forPerson(person, id, this.#endOf(kind, now));
    await sessions.insert(person.id, {
      id,
      kind,
      address,
      userAgent: userAgent.replace(/[^\x20-\x7e]/g, '').slice(0, MAX_USER_AGENT),
      createdAt: now,
      lastUsedAt: now,
      expiresAt: signed.expiresAt,
    });
    return signed;
  }

  /** The caller's own, the last used first. */
  list({ tenantId, id }: Person): Promise<readonly SessionRecord[]> {
    const now = new Date(this.clock.now());
    return this.people.within(tenantId, ({ sessions }) => sessions.list(id, now));
  }

  /**
   * Gives the page of a cookie a new token, from half of its life on; before that it stays as it is.
   * @returns the new token, if any, and when the session ends as it is now
   * @throws ProblemError 401 when it was ended meanwhile, 403 for a session without a cookie
   */
  async renew(
    person: Person,
  ): Promise<{ readonly signed: SignedToken | undefined; readonly expiresAt: Date }> {
    const { by, tenantId, id } = person;
    if (by.kind !== 'session' || !by.isCookie)
      throw new ProblemError('forbidden', 'Only the session of a page is renewed; sign in again.');
    return this.people.within(tenantId, async (work) => {
      const now = new Date(this.clock.now());
      const present = (await work.sessions.list(id, now)).find((session) => session.id === by.id);
      const subject = present && (await this.#subject(work, person));
      if (!subject) throw ended();
      const left = present.expiresAt.getTime() - now.getTime();
      if (left > this.context.config.tokenTtlSeconds * 500)
        return { signed: undefined, expiresAt: present.expiresAt };
      const signed = await this.signer.forPerson(subject, by.id, this.#endOf('cookie', present.createdAt));
      if (!(await work.sessions.renew(id, by.id, signed.expiresAt, now))) throw ended();
      return { signed, expiresAt: signed.expiresAt };
    });
  }

  /** Ends a session of the caller. @throws ProblemError 404 */
  async end({ tenantId, id: personId }: Person, id: string): Promise<void> {
    const now = new Date(this.clock.now());
    const isEnded = await this.people.within(tenantId, ({ sessions }) => sessions.end(personId, id, now));
    if (!isEnded) throw new ProblemError('not_found', 'There is no session with this id.');
    await this.live.tell();
  }

  /** Ends the session of this request. */
  async endOwn({ tenantId, id, by }: Person): Promise<void> {
    const now = new Date(this.clock.now());
    await this.people.within(tenantId, async ({ people, sessions }) => {
      // A token that was issued before sessions were kept ends with all others of its time.
      if (!(await sessions.end(id, by.id, now))) await people.endTokens(id, now);
    });
    await this.live.tell();
  }

  async #subject(
    { people }: PeopleWork,
    { id, username, tenantId }: Person,
  ): Promise<SignInPerson | undefined> {
    const stored = await people.signInRecord(id);
    return stored && { ...stored, id, username, tenantId };
  }

  #endOf(kind: SessionKind, begun: Date): number | undefined {
    return kind === 'cookie' ? begun.getTime() + COOKIE_LIFE_MS : undefined;
  }
}

function ended(): ProblemError {
  return new ProblemError('unauthenticated', 'This session is over; sign in again.');
}
