import { Injectable } from '@nestjs/common';
import { Clock, PlaneState, ServiceContext, tooManyRequests, Turns } from '@behavry/platform';
import { addressGroup } from '../domain/address-group';
import { SignInThrottle } from '../domain/sign-in-throttle';
import { TokenSigner, type SignedToken } from '../tokens/token-signer';
import { LivePeople } from './live-people';
import { Passwords } from './password';
import { PeopleStore, type SignInPerson } from './people-store';

export type SignInResult =
  | { readonly state: 'signed_in'; readonly person: SignInPerson; readonly signed: SignedToken }
  | { readonly state: 'invalid' }
  | { readonly state: 'throttled'; readonly waitMs: number };

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
    private readonly signer: TokenSigner,
    private readonly clock: Clock,
  ) {}

  /**
   * @param address where the request came from
   * @throws ProblemError 429 when too many tries wait already
   */
  signIn(username: string, password: string, address: string): Promise<SignInResult> {
    const group = addressGroup(address);
    return this.#turns.take(() => this.#signIn(username, password, group), group);
  }

  async #signIn(username: string, password: string, address: string): Promise<SignInResult> {
    const wait = this.#throttle.waitMs(username, address, this.clock.now());
    if (wait > 0) return { state: 'throttled', waitMs: wait };
    const person = await this.people.byUsername(username);
    const isRight = await this.passwords.check(person?.passwordHash ?? undefined, password);
    const now = this.clock.now();
    const subject = person?.active && isRight ? await this.#note(person, now) : undefined;
    if (!subject) {
      this.#throttle.missed(username, address, now);
      this.context.log.warn({ event: 'sign_in_refused', address }, 'a sign-in was refused');
      return { state: 'invalid' };
    }
    this.#throttle.signedIn(username, address, now);
    // Somebody new: the plane's other apps must have heard of the person before the token reaches them.
    if (!this.state.get('people')?.value.people[subject.id]) await this.live.publish();
    return { state: 'signed_in', person: subject, signed: await this.signer.forPerson(subject) };
  }

  /** @returns the person as it is now; undefined when the password was changed or the person disabled meanwhile */
  async #note(person: SignInPerson, now: number): Promise<SignInPerson | undefined> {
    const { id, tenantId, passwordHash } = person;
    if (passwordHash === null) return undefined;
    const noted = await this.people.within(tenantId, ({ people }) =>
      people.noteSignIn(id, passwordHash, new Date(now)),
    );
    return noted && { ...person, ...noted };
  }
}
