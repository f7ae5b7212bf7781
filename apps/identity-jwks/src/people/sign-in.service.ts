import { Injectable } from '@nestjs/common';
import { Clock, ServiceContext } from '@behavry/platform';
import { ADDRESS_RULE, isForgotten, USERNAME_RULE, waitMs, type Failures } from '../domain/throttle';
import { TokenSigner, type SignedToken } from '../tokens/token-signer';
import { FailureMemory } from './failure-memory';
import { checkPassword } from './password';
import { PeopleStore, type SignInPerson } from './people-store';
import { Turns } from './turns';

export type SignInResult =
  | { readonly state: 'signed_in'; readonly person: SignInPerson; readonly signed: SignedToken }
  | { readonly state: 'invalid' }
  | { readonly state: 'throttled'; readonly waitMs: number };

/**
 * Sign-in of people. Failures count for each name and each address; those of a known name are stored, so a
 * restart forgives nothing. An unknown name costs the same work and gets the same answers.
 */
@Injectable()
export class SignInService {
  readonly #addresses = new FailureMemory(ADDRESS_RULE);
  readonly #unknownNames = new FailureMemory(USERNAME_RULE);
  readonly #turns = new Turns();

  constructor(
    private readonly context: ServiceContext,
    private readonly people: PeopleStore,
    private readonly signer: TokenSigner,
    private readonly clock: Clock,
  ) {}

  /** @param address where the request came from */
  async signIn(username: string, password: string, address: string): Promise<SignInResult> {
    return this.#turns.take(username, () => this.#signIn(username, password, address));
  }

  async #signIn(username: string, password: string, address: string): Promise<SignInResult> {
    const person = await this.people.byUsername(username);
    const wait = Math.max(
      this.#addresses.waitMs(address, this.clock.now()),
      person
        ? waitMs(failuresOf(person), this.clock.now(), USERNAME_RULE)
        : this.#unknownNames.waitMs(username, this.clock.now()),
    );
    if (wait > 0) return { state: 'throttled', waitMs: wait };
    const isRight = await checkPassword(person?.passwordHash, password);
    const now = this.clock.now();
    if (!person || !isRight || !person.active) {
      this.#addresses.fail(address, now);
      if (person) {
        const failures = failuresOf(person);
        const restart = failures === undefined || isForgotten(failures, now, USERNAME_RULE);
        await this.people.recordFailure(person, new Date(now), restart);
      } else {
        this.#unknownNames.fail(username, now);
      }
      this.context.log.warn({ event: 'sign_in_refused', address }, 'a sign-in was refused');
      return { state: 'invalid' };
    }
    await this.people.recordSignIn(person, new Date(now));
    this.#addresses.forgive(address);
    const signed = await this.signer.forPerson({ ...person, permissions: [] });
    return { state: 'signed_in', person, signed };
  }
}

function failuresOf({ failedSignIns, lastFailedAt }: SignInPerson): Failures | undefined {
  return lastFailedAt === null ? undefined : { count: failedSignIns, lastAt: lastFailedAt.getTime() };
}
