import type { Role } from '@behavry/contracts';
import type { EntityManager } from 'typeorm';
import { PersonEntity } from './person.entity';

export type PersonStatus = 'active' | 'disabled';

export interface Person {
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
  /** Disabled people and people of a suspended tenant are not active. */
  readonly active: boolean;
  readonly failedSignIns: number;
  readonly lastFailedAt: Date | null;
}

export type NewPerson = Omit<Person, 'tenantId' | 'status' | 'lastSignInAt'> & {
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
      failedSignIns: 0,
      lastFailedAt: null,
      lastSignInAt: null,
      updatedAt: person.createdAt,
    });
  }

  /** One page of people by username, and how many there are. */
  async list(page: { limit: number; offset: number }): Promise<{ people: readonly Person[]; total: number }> {
    const [rows, total] = await this.manager.findAndCount(PersonEntity, {
      where: { tenantId: this.tenantId },
      order: { username: 'ASC' },
      take: page.limit,
      skip: page.offset,
    });
    return { people: rows.map(toPerson), total };
  }

  async setPassword(id: string, passwordHash: string, now: Date): Promise<void> {
    await this.manager.update(
      PersonEntity,
      { id, tenantId: this.tenantId },
      { passwordHash, failedSignIns: 0, lastFailedAt: null, updatedAt: now },
    );
  }

  /** Counts one more failure; concurrent failures all count. `restart` begins again at one. */
  async recordFailure(id: string, now: Date, restart: boolean): Promise<void> {
    await this.manager.update(
      PersonEntity,
      { id, tenantId: this.tenantId },
      { failedSignIns: restart ? 1 : () => 'failed_sign_ins + 1', lastFailedAt: now },
    );
  }

  async recordSignIn(id: string, now: Date): Promise<void> {
    await this.manager.update(
      PersonEntity,
      { id, tenantId: this.tenantId },
      { failedSignIns: 0, lastFailedAt: null, lastSignInAt: now },
    );
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
  failed_sign_ins: number;
  last_failed_at: Date | null;
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
        failedSignIns: row.failed_sign_ins,
        lastFailedAt: row.last_failed_at,
      }
    : undefined;
}

function toPerson(row: PersonEntity): Person {
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
