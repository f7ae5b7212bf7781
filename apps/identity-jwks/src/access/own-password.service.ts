import { Injectable } from '@nestjs/common';
import { ChangeLog, Clock, ProblemError, tooManyRequests, type Person } from '@behavry/platform';
import { LivePeople } from '../people/live-people';
import { refuseWeak } from '../people/new-password';
import { Passwords } from '../people/password';
import { PeopleStore } from '../people/people-store';
import { SignInService } from '../people/sign-in.service';

/** A person's own change of the password. */
@Injectable()
export class OwnPasswordService {
  constructor(
    private readonly people: PeopleStore,
    private readonly signIns: SignInService,
    private readonly passwords: Passwords,
    private readonly live: LivePeople,
    private readonly changes: ChangeLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Every other session ends with the old password; this one goes on. Keys stay: they are the programs' own.
   * @param address where the request came from
   * @returns how many sessions ended
   * @throws ProblemError 409 when it was changed meanwhile, 422 for a wrong or a weak password, 429
   */
  async change(person: Person, current: string, next: string, address: string): Promise<number> {
    const { id, tenantId, username } = person;
    const confirmed = await this.signIns.confirm(person, current, address);
    if (!('passwordHash' in confirmed)) {
      if (confirmed.state === 'throttled')
        throw tooManyRequests('Too many wrong passwords; wait before the next try.', confirmed.waitMs);
      throw fault('current', 'is not the present password');
    }
    const stored = await this.people.within(tenantId, ({ people }) => people.get(id));
    refuseWeak(next, 'new', { username, email: stored?.email ?? null });
    if (next === current) throw fault('new', 'must be another one than the present password');
    const after = await this.passwords.hash(next);
    const ended = await this.people.within(tenantId, async ({ manager, people, sessions }) => {
      const now = new Date(this.clock.now());
      const kept = person.by.id;
      const isChanged = await people.changePassword(id, { before: confirmed.passwordHash, after, kept }, now);
      if (!isChanged) throw new ProblemError('state_conflict', 'The password was changed in the meantime.');
      await this.changes.record(manager, {
        tenantId,
        personId: id,
        username,
        action: 'person.password',
        target: id,
        detail: {},
      });
      return sessions.endAll(id, now, kept);
    });
    await this.live.tell();
    return ended;
  }
}

function fault(field: string, message: string): ProblemError {
  return new ProblemError('validation_failed', 'The password was not changed.', {
    errors: [{ field, message: `${field} ${message}` }],
  });
}
