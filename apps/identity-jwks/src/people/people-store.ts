import type { DataSource } from 'typeorm';
import type { Role } from '@behavry/contracts';
import { personByUsername, PersonRepository } from '@behavry/db-control';
import { LocalPersonRepository } from '@behavry/db-data';
import { withTenant } from '@behavry/platform';

/** What a sign-in needs to know of a person. */
export interface SignInPerson {
  readonly id: string;
  readonly tenantId: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  readonly superAdmin: boolean;
  readonly active: boolean;
  readonly failedSignIns: number;
  readonly lastFailedAt: Date | null;
}

export interface ListedPerson {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly roles: readonly Role[];
  readonly superAdmin: boolean;
  readonly status: string;
  readonly lastSignInAt: Date | null;
  readonly createdAt: Date;
}

/** The people of this plane. */
export abstract class PeopleStore {
  abstract byUsername(username: string): Promise<SignInPerson | undefined>;
  abstract recordFailure(person: SignInPerson, now: Date, restart: boolean): Promise<void>;
  abstract recordSignIn(person: SignInPerson, now: Date): Promise<void>;
  abstract list(
    tenantId: string,
    page: { limit: number; offset: number },
  ): Promise<{ people: readonly ListedPerson[]; total: number }>;
}

/** People of every tenant of a control plane. */
export class ControlPeopleStore extends PeopleStore {
  constructor(private readonly database: DataSource) {
    super();
  }

  override byUsername(username: string): Promise<SignInPerson | undefined> {
    return personByUsername(this.database.manager, username);
  }

  override recordFailure({ id, tenantId }: SignInPerson, now: Date, restart: boolean): Promise<void> {
    return withTenant(this.database, tenantId, (manager) =>
      new PersonRepository(manager, tenantId).recordFailure(id, now, restart),
    );
  }

  override recordSignIn({ id, tenantId }: SignInPerson, now: Date): Promise<void> {
    return withTenant(this.database, tenantId, (manager) =>
      new PersonRepository(manager, tenantId).recordSignIn(id, now),
    );
  }

  override list(
    tenantId: string,
    page: { limit: number; offset: number },
  ): Promise<{ people: readonly ListedPerson[]; total: number }> {
    return withTenant(this.database, tenantId, (manager) =>
      new PersonRepository(manager, tenantId).list(page),
    );
  }
}

/** The local people of a data plane: none of them is a super-administrator. */
export class LocalPeopleStore extends PeopleStore {
  constructor(
    private readonly database: DataSource,
    private readonly tenantId: string,
  ) {
    super();
  }

  override async byUsername(username: string): Promise<SignInPerson | undefined> {
    const person = await this.#within((people) => people.byUsername(username));
    return person && { ...person, superAdmin: false, active: person.status === 'active' };
  }

  override recordFailure({ id }: SignInPerson, now: Date, restart: boolean): Promise<void> {
    return this.#within((people) => people.recordFailure(id, now, restart));
  }

  override recordSignIn({ id }: SignInPerson, now: Date): Promise<void> {
    return this.#within((people) => people.recordSignIn(id, now));
  }

  override async list(
    _tenantId: string,
    page: { limit: number; offset: number },
  ): Promise<{ people: readonly ListedPerson[]; total: number }> {
    const { people, total } = await this.#within((repository) => repository.list(page));
    return { people: people.map((person) => ({ ...person, email: null, superAdmin: false })), total };
  }

  #within<T>(work: (people: LocalPersonRepository) => Promise<T>): Promise<T> {
    return withTenant(this.database, this.tenantId, (manager) =>
      work(new LocalPersonRepository(manager, this.tenantId)),
    );
  }
}
