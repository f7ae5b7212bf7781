import type { LivePerson, Role } from '@behavry/contracts';
import type { EntityManager } from 'typeorm';
import { LocalPersonEntity } from './local-person.entity';

/** A person of a data plane, told like one of a control plane. */
export type LocalPerson = Readonly<Omit<LocalPersonEntity, 'roles' | 'status' | 'updatedAt'>> & {
  readonly email: null;
  readonly roles: readonly Role[];
  readonly superAdmin: false;
  readonly status: 'active' | 'disabled';
};

export type NewLocalPerson = Pick<LocalPerson, 'id' | 'username' | 'passwordHash' | 'roles' | 'createdAt'>;

/** People of a data plane. */
export class LocalPersonRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** Adds an active person. Throws the driver's unique violation when the username is taken. */
  async insert(person: NewLocalPerson): Promise<void> {
    await this.manager.insert(LocalPersonEntity, {
      ...person,
      roles: [...person.roles],
      tenantId: this.tenantId,
      status: 'active',
      updatedAt: person.createdAt,
    });
  }

  async byUsername(username: string): Promise<LocalPerson | undefined> {
    const row = await this.manager.findOneBy(LocalPersonEntity, { username, tenantId: this.tenantId });
    return row ? toPerson(row) : undefined;
  }

  /** One page of people by username, and how many there are. */
  async list(page: {
    limit: number;
    offset: number;
  }): Promise<{ people: readonly LocalPerson[]; total: number }> {
    const [rows, total] = await this.manager.findAndCount(LocalPersonEntity, {
      where: { tenantId: this.tenantId },
      order: { username: 'ASC' },
      take: page.limit,
      skip: page.offset,
    });
    return { people: rows.map(toPerson), total };
  }

  /** Everybody who may act now, by id. */
  async live(): Promise<Readonly<Record<string, LivePerson>>> {
    const rows = await this.manager.find(LocalPersonEntity, {
      where: { tenantId: this.tenantId, status: 'active' },
      order: { id: 'ASC' },
    });
    return Object.fromEntries(
      rows.map(({ id, roles, tokensNotBefore }) => [
        id,
        {
          roles: roles as Role[],
          super_admin: false,
          tokens_not_before: tokensNotBefore?.toISOString() ?? null,
        },
      ]),
    );
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

  async #update(id: string, change: Partial<LocalPersonEntity>): Promise<void> {
    await this.manager.update(LocalPersonEntity, { id, tenantId: this.tenantId }, change);
  }
}

function toPerson({ roles, status, ...row }: LocalPersonEntity): LocalPerson {
  return {
    ...row,
    email: null,
    roles: roles as Role[],
    superAdmin: false,
    status: status as LocalPerson['status'],
  };
}
