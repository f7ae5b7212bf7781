import { Injectable } from '@nestjs/common';
import { ChangeLog, Clock, ProblemError, sha256, tooManyRequests } from '@behavry/platform';
import { addressGroup } from '../domain/address-group';
import { ADDRESS_RULE, FailureMemory } from '../domain/throttle';
import { LivePeople } from './live-people';
import { refuseWeak } from './new-password';
import { Passwords } from './password';
import { endAccess, PeopleStore } from './people-store';

/** Lets whoever holds the link of an invitation or of a reset set the password, once. */
@Injectable()
export class InvitationService {
  readonly #failures = new FailureMemory(ADDRESS_RULE);

  constructor(
    private readonly people: PeopleStore,
    private readonly live: LivePeople,
    private readonly passwords: Passwords,
    private readonly changes: ChangeLog,
    private readonly clock: Clock,
  ) {}

  /**
   * @param address where the request came from
   * @returns the username, to sign in with
   * @throws ProblemError 401 for an unknown, used or expired link alike, 422 for a weak password, 429
   */
  async accept(token: string, password: string, address: string): Promise<string> {
    const group = addressGroup(address);
    const waitMs = this.#failures.waitMs(group, this.clock.now());
    if (waitMs > 0) throw tooManyRequests('Too many wrong links; wait before the next try.', waitMs);
    const username = await this.#accept(token, password);
    if (username !== undefined) return username;
    this.#failures.fail(group, this.clock.now());
    throw new ProblemError('invalid_credentials', 'The link is not valid: unknown, used, or expired.');
  }

  async #accept(token: string, password: string): Promise<string | undefined> {
    const hash = sha256(token);
    const person = await this.people.byLink(hash);
    if (!person) return undefined;
    const { id, tenantId, username } = person;
    const found = await this.people.within(tenantId, async ({ people }) => {
      const isGood = await people.hasLink(id, hash, new Date(this.clock.now()));
      return isGood ? people.get(id) : undefined;
    });
    if (!found) return undefined;
    refuseWeak(password, 'password', found);
    const passwordHash = await this.passwords.hash(password);
    const isSet = await this.people.within(tenantId, async (work) => {
      const { manager, people } = work;
      const now = new Date(this.clock.now());
      if (!(await people.redeem(id, hash, passwordHash, now))) return false;
      await endAccess(work, id, now);
      const action = found.hasPassword ? 'person.reset_password' : 'person.accept_invitation';
      await this.changes.record(manager, {
        tenantId,
        personId: id,
        username,
        action,
        target: id,
        detail: {},
      });
      return true;
    });
    if (!isSet) return undefined;
    await this.live.tell();
    return username;
  }
}
