import type { LivePerson, Role } from '@behavry/contracts';
import type { EntityManager } from 'typeorm';
import { PersonEntity } from './person.entity';

/** Channel of the notification that goes out at the commit of every change of who may act; of schema `data` too. */
export const PEOPLE_CHANNEL = 'behavry_people';

export type PersonStatus = 'active' | 'disabled';

/** A person as lists show it. */
export interface ListedPerson {
  readonly id: string;
  readonly tenantId: string;
  readonly username: string;
  readonly email: string | null;
  readonly roles: readonly Role[];
  readonly superAdmin: boolean;
  readonly status: PersonStatus;
  readonly lastSignInAt: Date | null;
  readonly createdAt: Date;
}

/** What a sign-in needs to know of a username, whatever its tenant. */
export interface SignInRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  readonly superAdmin: boolean;
  /** Whether the person may do anything now, see {@link livePeople}. */
  readonly active: boolean;
  readonly tokensNotBefore: Date | null;
}

export type NewPerson = Omit<ListedPerson, 'tenantId' | 'status' | 'lastSignInAt'> & {
  readonly passwordHash: string;
};

/** People of one tenant. */
export class PersonRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** Adds an active person. Throws the driver's unique violation when the username is taken. */
  async insert(person: NewPerson): Promise<void> {
    await this.manager.insert(PersonEntity, {
      ...person,
      roles: [...person.roles],
      tenantId: this.tenantId,
      status: 'active',
      updatedAt: person.createdAt,
    });
  }

  /** One page of people by username, and how many there are. */
  async list(page: {
    limit: number;
    offset: number;
  }): Promise<{ people: readonly ListedPerson[]; total: number }> {
    const [rows, total] = await this.manager.findAndCount(PersonEntity, {
      where: { tenantId: this.tenantId },
      order: { username: 'ASC' },
      take: page.limit,
      skip: page.offset,
    });
    return { people: rows.map(toPerson), total };
  }

  /** Gives a person a new password; the database ends the tokens that the old one opened. */
  async setPassword(id: string, passwordHash: string, now: Date): Promise<void> {
    await this.#update(id, { passwordHash, updatedAt: now });
  }

  /** Ends the tokens that a person has now. */
  async endTokens(id: string, now: Date): Promise<void> {
    await this.#update(id, { tokensNotBefore: now, updatedAt: now });
  }

  async recordSignIn(id: string, now: Date): Promise<void> {
    await this.#update(id, { lastSignInAt: now });
  }

  async #update(id: string, change: Partial<PersonEntity>): Promise<void> {
    await this.manager.update(PersonEntity, { id, tenantId: this.tenantId }, change);
  }
}

interface SignInRow {
  id: string;
  tenant_id: string;
  username: string;
  password_hash: string;
  roles: Role[];
  super_admin: boolean;
  active: boolean;
  tokens_not_before: Date | null;
}

/** The sign-in record of a username, or undefined. Needs no tenant to be set. */
export async function personByUsername(
  manager: EntityManager,
  username: string,
): Promise<SignInRecord | undefined> {
  const [row] = await manager.query<SignInRow[]>('SELECT * FROM control.person_by_username($1)', [username]);
  return row
    ? {
        id: row.id,
        tenantId: row.tenant_id,
        username: row.username,
        passwordHash: row.password_hash,
        roles: row.roles,
        superAdmin: row.super_admin,
        active: row.active,
        tokensNotBefore: row.tokens_not_before,
      }
    : undefined;
}

interface LiveRow {
  id: string;
  roles: Role[];
  super_admin: boolean;
  tokens_not_before: Date | null;
}

/**
 * Everybody of the plane who may act now, by id: active people of active tenants. A super-administrator outlives the
 * suspension of the own tenant, without its roles, so that somebody can resume it. Needs no tenant to be set.
 */
export async function livePeople(manager: EntityManager): Promise<Readonly<Record<string, LivePerson>>> {
  const rows = await manager.query<LiveRow[]>('SELECT * FROM control.people_live()');
  return Object.fromEntries(
    rows.map(({ id, roles, super_admin, tokens_not_before }) => [
      id,
      { roles, super_admin, tokens_not_before: tokens_not_before?.toISOString() ?? null },
    ]),
  );
}

function toPerson(row: PersonEntity): ListedPerson {
  return {
    id: row.id,
    tenantId: row.tenantId,
    username: row.username,
    email: row.email,
    roles: row.roles as Role[],
    superAdmin: row.superAdmin,
    status: row.status as PersonStatus,
    lastSignInAt: row.lastSignInAt,
    createdAt: row.createdAt,
  };
}
