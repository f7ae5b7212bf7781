import type { DataSource, EntityManager } from 'typeorm';
import type { LivePerson } from '@behavry/contracts';
import {
  livePeople,
  personByUsername,
  PersonRepository,
  type ListedPerson,
  type SignInRecord,
} from '@behavry/db-control';
import { LocalPersonRepository } from '@behavry/db-data';
import { withTenant } from '@behavry/platform';

/** What a sign-in needs to know of a person. */
export type SignInPerson = SignInRecord;

/** One page of a list. */
interface Page {
  readonly limit: number;
  readonly offset: number;
}

interface PeopleOfTenant {
  recordSignIn(id: string, now: Date): Promise<void>;
  list(page: Page): Promise<{ people: readonly ListedPerson[]; total: number }>;
}

/** The people of this plane. */
export abstract class PeopleStore {
  constructor(protected readonly database: DataSource) {}

  abstract byUsername(username: string): Promise<SignInPerson | undefined>;
  /** Everybody who may act now, by id. */
  abstract live(): Promise<Readonly<Record<string, LivePerson>>>;
  protected abstract of(manager: EntityManager, tenantId: string): PeopleOfTenant;

  recordSignIn({ id, tenantId }: SignInPerson, now: Date): Promise<void> {
    return withTenant(this.database, tenantId, (manager) => this.of(manager, tenantId).recordSignIn(id, now));
  }

  list(tenantId: string, page: Page): Promise<{ people: readonly ListedPerson[]; total: number }> {
    return withTenant(this.database, tenantId, (manager) => this.of(manager, tenantId).list(page));
  }
}

/** People of every tenant of a control plane. */
export class ControlPeopleStore extends PeopleStore {
  override byUsername(username: string): Promise<SignInPerson | undefined> {
    return personByUsername(this.database.manager, username);
  }

  override live(): Promise<Readonly<Record<string, LivePerson>>> {
    return livePeople(this.database.manager);
  }

  protected override of(manager: EntityManager, tenantId: string): PeopleOfTenant {
    return new PersonRepository(manager, tenantId);
  }
}

/** The local people of a data plane: none of them is a super-administrator. They outlive a suspension, to read the audit. */
export class LocalPeopleStore extends PeopleStore {
  constructor(
    database: DataSource,
    private readonly tenantId: string,
  ) {
    super(database);
  }

  override async byUsername(username: string): Promise<SignInPerson | undefined> {
    const person = await this.#within((people) => people.byUsername(username));
    return person && { ...person, active: person.status === 'active' };
  }

  override live(): Promise<Readonly<Record<string, LivePerson>>> {
    return this.#within((people) => people.live());
  }

  protected override of(manager: EntityManager): LocalPersonRepository {
    return new LocalPersonRepository(manager, this.tenantId);
  }

  #within<T>(work: (people: LocalPersonRepository) => Promise<T>): Promise<T> {
    return withTenant(this.database, this.tenantId, (manager) => work(this.of(manager)));
  }
}
