import { Injectable } from '@nestjs/common';
import { rolesOf, type Role } from '@behavry/contracts';
import {
  ChangeLog,
  checkIfMatch,
  Clock,
  ProblemError,
  ServiceContext,
  sha256Hex,
  uniqueViolation,
  uuidv7,
  etagOf,
  type Person,
} from '@behavry/platform';
import { refusalOf, type Member, type PeopleRefusal, type PersonAct } from '../domain/people-rules';
import type { IdentityConfig } from '../identity-jwks.config';
import { LivePeople } from './live-people';
import { newLink, type LinkKind, type NewLink } from './password-links';
import { endAccess, PeopleStore, type PeopleWork } from './people-store';
import type { PersonRecord, PersonStatus } from './person-records';

export interface PersonDraft {
  readonly username: string;
  readonly email: string | null;
  readonly role: Role;
}

export interface PersonChange {
  readonly role?: Role;
  readonly status?: PersonStatus;
}

/** Somebody and the link by which that one sets a password. */
export interface Linked {
  readonly id: string;
  readonly link: NewLink;
}

/** What is done to one person, in the transaction that holds it. */
type Deed<T> = (work: PeopleWork, person: PersonRecord, now: Date) => Promise<T>;

/** The people of a tenant, as its administrators make, change and end them. */
@Injectable()
export class PeopleService {
  constructor(
    private readonly context: ServiceContext<IdentityConfig>,
    private readonly people: PeopleStore,
    private readonly live: LivePeople,
    private readonly changes: ChangeLog,
    private readonly clock: Clock,
  ) {}

  list(
    tenantId: string,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<{ people: readonly PersonRecord[]; total: number }> {
    return this.people.within(tenantId, ({ people }) => people.list(page));
  }

  /** @throws ProblemError 404 */
  get(tenantId: string, id: string): Promise<PersonRecord> {
    return this.people.within(tenantId, (work) => existing(work, id));
  }

  /** @throws ProblemError 403 for a role above the own, 409 when the username is taken, 422 for a role of another mode */
  async invite(by: Person, draft: PersonDraft): Promise<Linked> {
    this.#checkRole(draft.role);
    refuse(refusalOf(by, { kind: 'invite', role: draft.role }));
    const now = this.clock.now();
    const link = this.#link('invite', now);
    const id = uuidv7(now);
    const { username, email, role } = draft;
    try {
      await this.people.within(by.tenantId, async (work) => {
        await stillAdministrator(work, by);
        await work.people.invite({ id, username, email, roles: [role], createdAt: new Date(now) }, link);
        await this.#record(work, by, 'person.invite', id, { username, role, expires_at: iso(link) });
      });
    } catch (error) {
      if (uniqueViolation(error) === undefined) throw error;
      throw new ProblemError('conflict', 'This username is taken.');
    }
    return { id, link };
  }

  /**
   * Gives a role or a status.
   * @param ifMatch header If-Match
   * @throws ProblemError 403, 404, 409 for the last administrator, 412, 422 for a role of another mode
   */
  async change(
    by: Person,
    id: string,
    change: PersonChange,
    ifMatch: string | undefined,
  ): Promise<PersonRecord> {
    const { role, status } = change;
    if (role !== undefined) this.#checkRole(role);
    const acts: PersonAct[] = [
      ...(role === undefined ? [] : [{ kind: 'set_role', role } as const]),
      ...(status === undefined ? [] : [{ kind: status === 'active' ? 'enable' : 'disable' } as const]),
    ];
    return this.#act(by, id, acts, async (work, person, now) => {
      checkIfMatch(ifMatch, personEtag(person));
      if (role !== undefined) await work.people.setRole(id, role, now);
      if (status !== undefined) await work.people.setStatus(id, status, now);
      if (status === 'disabled') await endAccess(work, id, now);
      if (acts.length > 0)
        await this.#record(work, by, 'person.change', id, { from: facts(person), ...change });
      return existing(work, id);
    });
  }

  /** Lets a person set a new password; the present one is good until then. @throws ProblemError 403, 404, or 409 */
  resetLink(by: Person, id: string): Promise<Linked> {
    return this.#act(by, id, [{ kind: 'reset_link' }], async (work, person, now) => {
      if (person.status !== 'active')
        throw new ProblemError('state_conflict', 'The person is disabled; enable the person first.');
      const link = this.#link(person.hasPassword ? 'reset' : 'invite', now.getTime());
      await work.people.setLink(id, link, now);
      await this.#record(work, by, 'person.reset_link', id, { expires_at: iso(link) });
      return { id, link };
    });
  }

  /** Ends every session and key that a person has. @throws ProblemError 403 or 404 */
  signOut(by: Person, id: string): Promise<void> {
    return this.#act(by, id, [{ kind: 'sign_out' }], async (work, _person, now) => {
      await work.people.endTokens(id, now);
      await endAccess(work, id, now);
      await this.#record(work, by, 'person.sign_out', id, {});
    });
  }

  /** Does something to a person where the rules allow it, with everybody locked on whom they depend. */
  async #act<T>(by: Person, id: string, acts: readonly PersonAct[], deed: Deed<T>): Promise<T> {
    const done = await this.people.within(by.tenantId, async (work) => {
      const locked = await stillAdministrator(work, by, id);
      const person = locked.find((each) => each.id === id);
      if (!person) throw noPerson();
      const others = locked.filter((each) => each.id !== id).map(memberOf);
      for (const act of acts) refuse(refusalOf(by, act, memberOf(person), others));
      return deed(work, person, new Date(this.clock.now()));
    });
    await this.live.tell();
    return done;
  }

  #checkRole(role: Role): void {
    const roles = rolesOf(this.context.mode);
    if (roles.includes(role)) return;
    throw new ProblemError('validation_failed', 'This plane has no such role.', {
      errors: [{ field: 'role', message: `role must be one of ${roles.join(', ')}` }],
    });
  }

  #link(kind: LinkKind, now: number): NewLink {
    return newLink(kind, this.context.config.publicUrl, now);
  }

  #record(
    { manager }: PeopleWork,
    { tenantId, id: personId, username }: Person,
    action: string,
    target: string,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    return this.changes.record(manager, { tenantId, personId, username, action, target, detail });
  }
}

/** @returns the ETag of what an administrator may change of a person */
export function personEtag(person: PersonRecord): string {
  return etagOf(sha256Hex(JSON.stringify([facts(person), person.updatedAt.toISOString()])).slice(0, 32));
}

/**
 * Locks everybody who holds the tenant. What the guard saw may be a moment old: of two administrators who would remove
 * each other, the second is none any more.
 */
async function stillAdministrator(
  { people }: PeopleWork,
  by: Person,
  ...ids: readonly string[]
): Promise<readonly PersonRecord[]> {
  const locked = await people.lockHolders([by.id, ...ids]);
  const self = locked.find(({ id }) => id === by.id);
  if (self?.status !== 'active' || !self.roles.includes('admin'))
    throw new ProblemError('forbidden', 'This needs the role admin.');
  return locked;
}

async function existing({ people }: PeopleWork, id: string): Promise<PersonRecord> {
  const person = await people.get(id);
  if (!person) throw noPerson();
  return person;
}

function noPerson(): ProblemError {
  return new ProblemError('not_found', 'There is no person with this id.');
}

function memberOf({ id, roles, superAdmin, status, hasPassword }: PersonRecord): Member {
  return { id, roles, isSuperAdmin: superAdmin, canAct: status === 'active' && hasPassword };
}

function facts({ roles, status }: PersonRecord): Readonly<Record<string, unknown>> {
  return { roles, status };
}

function iso({ expiresAt }: NewLink): string {
  return expiresAt.toISOString();
}

const REFUSALS: Readonly<Record<PeopleRefusal, readonly ['forbidden' | 'state_conflict', string]>> = {
  role_above_own: ['forbidden', 'Nobody gives a role above the own.'],
  person_above: ['forbidden', 'This person stands above you.'],
  role_of_oneself: ['forbidden', 'Nobody changes the own role; ask another administrator.'],
  disable_oneself: ['forbidden', 'Nobody disables the own account; ask another administrator.'],
  reset_oneself: ['forbidden', 'Change your own password at POST /api/v1/auth/password.'],
  last_administrator: ['state_conflict', 'This is the last administrator who can sign in.'],
  last_super_administrator: ['state_conflict', 'This is the last super-administrator who can sign in.'],
};

function refuse(refusal: PeopleRefusal | undefined): void {
  if (refusal !== undefined) throw new ProblemError(...REFUSALS[refusal]);
}
