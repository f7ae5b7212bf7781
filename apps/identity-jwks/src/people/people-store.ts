import type { DataSource, EntityManager } from 'typeorm';
import type { PeopleState } from '@behavry/contracts';
import { livePeople, personByLink, personByUsername, type SignInRecord } from '@behavry/db-control';
import { LocalPersonRepository } from '@behavry/db-data';
import { withTenant } from '@behavry/platform';
import { ApiKeyRecords } from '../access/api-key-records';
import { SessionRecords } from '../access/session-records';
import { PersonRecords, type PeopleSchema } from './person-records';

/** What a sign-in needs to know of a person. */
export type SignInPerson = SignInRecord;

/** Whose password a link sets. */
export type LinkedPerson = Pick<SignInPerson, 'id' | 'tenantId' | 'username'>;

/** What one transaction works with, for one tenant. */
export interface PeopleWork {
  readonly manager: EntityManager;
  readonly people: PersonRecords;
  readonly sessions: SessionRecords;
  readonly keys: ApiKeyRecords;
}

/** The people of this plane. */
export abstract class PeopleStore {
  constructor(
    protected readonly database: DataSource,
    protected readonly schema: PeopleSchema,
  ) {}

  abstract byUsername(username: string): Promise<SignInPerson | undefined>;
  /** @param sha256 of a link's token, good or not any more */
  abstract byLink(sha256: Uint8Array): Promise<LinkedPerson | undefined>;
  /** Everybody who may act now. */
  abstract live(now: Date): Promise<PeopleState>;

  /** Runs work on the people of a tenant in one transaction. */
  within<T>(tenantId: string, work: (work: PeopleWork) => Promise<T>): Promise<T> {
    const { database, schema } = this;
    return withTenant(database, tenantId, (manager) =>
      work({
        manager,
        people: new PersonRecords(manager, schema, tenantId),
        sessions: new SessionRecords(manager, schema, tenantId),
        keys: new ApiKeyRecords(manager, schema, tenantId),
      }),
    );
  }
}

/** People of every tenant of a control plane. */
export class ControlPeopleStore extends PeopleStore {
  constructor(database: DataSource) {
    super(database, 'control');
  }

  override byUsername(username: string): Promise<SignInPerson | undefined> {
    return personByUsername(this.database.manager, username);
  }

  override byLink(sha256: Uint8Array): Promise<LinkedPerson | undefined> {
    return personByLink(this.database.manager, sha256);
  }

  override live(now: Date): Promise<PeopleState> {
    return livePeople(this.database.manager, now);
  }
}

/** The local people of a data plane: none of them is a super-administrator. They outlive a suspension, to read the audit. */
export class LocalPeopleStore extends PeopleStore {
  constructor(
    database: DataSource,
    private readonly tenantId: string,
  ) {
    super(database, 'data');
  }

  override byUsername(username: string): Promise<SignInPerson | undefined> {
    return this.#local((people) => people.byUsername(username));
  }

  override byLink(sha256: Uint8Array): Promise<LinkedPerson | undefined> {
    return this.#local((people) => people.byLink(sha256));
  }

  override live(now: Date): Promise<PeopleState> {
    return this.#local((people) => people.live(now));
  }

  #local<T>(work: (people: LocalPersonRepository) => Promise<T>): Promise<T> {
    return withTenant(this.database, this.tenantId, (manager) =>
      work(new LocalPersonRepository(manager, this.tenantId)),
    );
  }
}

/** Ends every session and key of a person; what was ended stays ended, also when the person comes back. */
export async function endAccess({ sessions, keys }: PeopleWork, personId: string, now: Date): Promise<void> {
  await sessions.endAll(personId, now);
  await keys.deleteAll(personId);
}
