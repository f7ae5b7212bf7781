import type { Role } from '@behavry/contracts';
import type { EntityManager } from 'typeorm';
import { LocalPersonEntity } from './local-person.entity';

export interface LocalPerson {
  readonly id: string;
  readonly tenantId: string;
  readonly username: string;
  readonly roles: readonly Role[];
  readonly status: 'active' | 'disabled';
  readonly lastSignInAt: Date | null;
  readonly createdAt: Date;
}

export interface LocalSignInRecord extends LocalPerson {
  readonly passwordHash: string;
  readonly failedSignIns: number;
  readonly lastFailedAt: Date | null;
}

/** People of a data plane. */
export class LocalPersonRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** Adds an active person. Throws the driver's unique violation when the username is taken. */
  async insert(person: {
    readonly id: string;
    readonly username: string;
    readonly passwordHash: string;
    readonly roles: readonly Role[];
    readonly createdAt: Date;
  }): Promise<void> {
    await this.manager.insert(LocalPersonEntity, {
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

  async byUsername(username: string): Promise<LocalSignInRecord | undefined> {
    const row = await this.manager.findOneBy(LocalPersonEntity, { username, tenantId: this.tenantId });
    return row
      ? {
          ...toPerson(row),
          passwordHash: row.passwordHash,
          failedSignIns: row.failedSignIns,
          lastFailedAt: row.lastFailedAt,
        }
      : undefined;
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

  async setPassword(id: string, passwordHash: string, now: Date): Promise<void> {
    await this.manager.update(
      LocalPersonEntity,
      { id, tenantId: this.tenantId },
      { passwordHash, failedSignIns: 0, lastFailedAt: null, updatedAt: now },
    );
  }

  /** Counts one more failure; concurrent failures all count. `restart` begins again at one. */
  async recordFailure(id: string, now: Date, restart: boolean): Promise<void> {
    await this.manager.update(
      LocalPersonEntity,
      { id, tenantId: this.tenantId },
      { failedSignIns: restart ? 1 : () => 'failed_sign_ins + 1', lastFailedAt: now },
    );
  }

  async recordSignIn(id: string, now: Date): Promise<void> {
    await this.manager.update(
      LocalPersonEntity,
      { id, tenantId: this.tenantId },
      { failedSignIns: 0, lastFailedAt: null, lastSignInAt: now },
    );
  }
}

function toPerson(row: LocalPersonEntity): LocalPerson {
  return {
    id: row.id,
    tenantId: row.tenantId,
    username: row.username,
    roles: row.roles as Role[],
    status: row.status as LocalPerson['status'],
    lastSignInAt: row.lastSignInAt,
    createdAt: row.createdAt,
  };
}
