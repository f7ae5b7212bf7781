import { Injectable } from '@nestjs/common';
import { ChangeLog, Clock, ProblemError, tooManyRequests, type Person } from '@behavry/platform';
import { addressGroup } from '../domain/address-group';
import { LivePeople } from '../people/live-people';
import { refuseWeak } from '../people/new-password';
import { Passwords } from '../people/password';
import { PeopleStore, type PeopleWork } from '../people/people-store';
import { SignInService } from '../people/sign-in.service';
import type { SignedToken } from '../tokens/token-signer';
import { SessionsService, type SessionStart } from './sessions.service';

export interface ChangedPassword {
  /** How many other sessions ended. */
  readonly sessionsEnded: number;
  /** Keys that are good as before. */
  readonly apiKeys: number;
  /** What a page's cookie holds from now on. */
  readonly signed: SignedToken | undefined;
}

/** A person's own change of the password. */
@Injectable()
export class OwnPasswordService {
  constructor(
    private readonly people: PeopleStore,
    private readonly signIns: SignInService,
    private readonly sessions: SessionsService,
    private readonly passwords: Passwords,
    private readonly live: LivePeople,
    private readonly changes: ChangeLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Every other session ends with the old password; this one goes on, that of a page with another cookie, so that
   * whoever took the cookie is out too. Keys stay: they are the programs' own.
   * @param start where the request came from, its address as the server shows it
   * @throws ProblemError 409 when it was changed meanwhile, 422 for a wrong or a weak password, 429
   */
  async change(
    person: Person,
    { current, next }: { readonly current: string; readonly next: string },
    start: SessionStart,
  ): Promise<ChangedPassword> {
    const { id, tenantId, username } = person;
    const confirmed = await this.signIns.confirm(person, current, start.address);
    if (!('passwordHash' in confirmed)) {
      if (confirmed.state === 'throttled')
        throw tooManyRequests('Too many wrong passwords; wait before the next try.', confirmed.waitMs);
      throw fault('current', 'is not the present password');
    }
    const stored = await this.people.within(tenantId, ({ people }) => people.get(id));
    refuseWeak(next, 'new', { username, email: stored?.email ?? null });
    if (next === current) throw fault('new', 'must be another one than the present password');
    const after = await this.passwords.hash(next);
    const done = await this.people.within(tenantId, async (work) => {
      const now = new Date(this.clock.now());
      const kept = start.kind === 'cookie' ? null : person.by.id;
      const before = confirmed.passwordHash;
      if (!(await work.people.changePassword(id, { before, after, kept }, now))) throw changedMeanwhile();
      await this.changes.record(work.manager, {
        tenantId,
        personId: id,
        username,
        action: 'person.password',
        target: id,
        detail: {},
      });
      const sessionsEnded = await work.sessions.endAll(id, now, person.by.id);
      const signed = kept === null ? await this.#another(work, person, start, now) : undefined;
      return { sessionsEnded, apiKeys: (await work.keys.list(id, now)).length, signed };
    });
    await this.live.tell();
    return done;
  }

  /** Puts another session in the place of a page's own. */
  async #another(work: PeopleWork, person: Person, start: SessionStart, now: Date): Promise<SignedToken> {
    const { id, tenantId, username } = person;
    await work.sessions.end(id, person.by.id, now);
    const stored = await work.people.signInRecord(id);
    if (!stored) throw changedMeanwhile();
    const address = addressGroup(start.address);
    return this.sessions.begin(work, { ...stored, id, tenantId, username }, { ...start, address });
  }
}

function changedMeanwhile(): ProblemError {
  return new ProblemError('state_conflict', 'The password was changed in the meantime.');
}

function fault(field: string, message: string): ProblemError {
  return new ProblemError('validation_failed', 'The password was not changed.', {
    errors: [{ field, message: `${field} ${message}` }],
  });
}
