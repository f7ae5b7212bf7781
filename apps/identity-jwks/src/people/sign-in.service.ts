import { Injectable } from '@nestjs/common';
import { Clock, PlaneState, ServiceContext, tooManyRequests, Turns } from '@behavry/platform';
import { SessionsService, type SessionStart } from '../access/sessions.service';
import { addressGroup } from '../domain/address-group';
import { SignInThrottle } from '../domain/sign-in-throttle';
import type { SignedToken } from '../tokens/token-signer';
import { LivePeople } from './live-people';
import { Passwords } from './password';
import { PeopleStore, type SignInPerson } from './people-store';

export type SignInResult =
  { readonly state: 'signed_in'; readonly person: SignInPerson; readonly signed: SignedToken } | Refused;

type Refused = { readonly state: 'invalid' } | { readonly state: 'throttled'; readonly waitMs: number };

/** What a try for a name is checked against. */
type Check<T> = () => Promise<T | undefined>;

/** Tries of one address that may wait for each other. */
const MAX_WAITING = 50;

/** Sign-in of people. An unknown name costs the same work and gets the same answers. */
@Injectable()
export class SignInService {
  readonly #throttle = new SignInThrottle();
  /** Tries of one address run one after another, so that a burst cannot outrun the throttle. */
  readonly #turns = new Turns({ atOnceOfOne: 1, maxWaitingOfOne: MAX_WAITING }, () =>
    tooManyRequests('Too many tries from this address at this moment; try again shortly.', 1_000),
  );

  constructor(
    private readonly context: ServiceContext,
    private readonly people: PeopleStore,
    private readonly live: LivePeople,
    private readonly state: PlaneState,
    private readonly passwords: Passwords,
    private readonly sessions: SessionsService,
    private readonly clock: Clock,
  ) {}

  /**
   * @param start where it comes from, its address as the server shows it
   * @throws ProblemError 429 when too many tries wait already, or somebody signs in over and over
   */
  async signIn(username: string, password: string, start: SessionStart): Promise<SignInResult> {
    const address = addressGroup(start.address);
    const result = await this.#try(username, address, async () => {
      const person = await this.people.byUsername(username);
      const isRight = await this.passwords.check(person?.passwordHash ?? undefined, password);
      return person?.active && isRight ? this.#begin(person, { ...start, address }) : undefined;
    });
    if ('state' in result) return result;
    // Somebody new: the plane's other apps must have heard of the person before the token reaches them.
    if (!this.state.get('people')?.value.people[result.person.id]) await this.live.publish();
    return { state: 'signed_in', ...result };
  }

  /**
   * Asks somebody who is signed in for the password once more: as slow to guess as at a sign-in.
   * @param address as the server shows it
   * @returns the hash that was right
   * @throws ProblemError 429 when too many tries wait already
   */
  async confirm(
    { id, tenantId, username }: Pick<SignInPerson, 'id' | 'tenantId' | 'username'>,
    password: string,
    address: string,
  ): Promise<{ readonly passwordHash: string } | Refused> {
    return this.#try(username, addressGroup(address), async () => {
      const stored = await this.people.within(tenantId, ({ people }) => people.signInRecord(id));
      const passwordHash = stored?.passwordHash ?? undefined;
      const isRight = await this.passwords.check(passwordHash, password);
      return isRight && passwordHash !== undefined ? { passwordHash } : undefined;
    });
  }

  /** @param check gives undefined for a miss */
  #try<T extends object>(username: string, address: string, check: Check<T>): Promise<T | Refused> {
    return this.#turns.take(async () => {
      const waitMs = this.#throttle.waitMs(username, address, this.clock.now());
      if (waitMs > 0) return { state: 'throttled', waitMs };
      const found = await check();
      const now = this.clock.now();
      if (found) {
        this.#throttle.signedIn(username, address, now);
        return found;
      }
      this.#throttle.missed(username, address, now);
      this.context.log.warn({ event: 'sign_in_refused', address }, 'a sign-in was refused');
      return { state: 'invalid' };
    }, address);
  }

  /** @returns the person as it is now; undefined when the password was changed or the person disabled meanwhile */
  #begin(
    person: SignInPerson,
    start: SessionStart,
  ): Promise<{ readonly person: SignInPerson; readonly signed: SignedToken } | undefined> {
    const { id, tenantId, passwordHash } = person;
    return this.people.within(tenantId, async (work) => {
      const now = new Date(this.clock.now());
      const noted = passwordHash === null ? undefined : await work.people.noteSignIn(id, passwordHash, now);
      if (!noted) return undefined;
      const subject = { ...person, ...noted };
      return { person: subject, signed: await this.sessions.begin(work, subject, start) };
    });
  }
}
