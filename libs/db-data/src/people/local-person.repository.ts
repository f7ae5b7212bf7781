import { IsNull, MoreThan, Not, type EntityManager } from 'typeorm';
import type { LiveApiKey, LivePerson, PeopleState, Role } from '@behavry/contracts';
import { LocalApiKeyEntity, LocalSessionEntity } from './local-access.entity';
import { LocalPersonEntity } from './local-person.entity';

/** What a sign-in needs to know of a person of a data plane, told like one of a control plane. */
export interface LocalPerson {
  readonly id: string;
  readonly tenantId: string;
  readonly username: string;
  /** Null until an invitation is accepted. */
  readonly passwordHash: string | null;
  readonly roles: readonly Role[];
  readonly superAdmin: false;
  readonly active: boolean;
  readonly tokensNotBefore: Date | null;
}

export interface NewLocalPerson {
  readonly id: string;
  readonly username: string;
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  readonly createdAt: Date;
}

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

  /** Whose password a link sets, found by the SHA-256 of its token. */
  async byLink(sha256: Uint8Array): Promise<LocalPerson | undefined> {
    const { manager, tenantId } = this;
    const linkSha256 = Buffer.from(sha256);
    const row = await manager.findOneBy(LocalPersonEntity, { linkSha256, tenantId });
    return row ? toPerson(row) : undefined;
  }

  /** Everybody who may act now, without their ended sessions, with their keys. */
  async live(now: Date): Promise<PeopleState> {
    const { manager, tenantId } = this;
    const people = await manager.find(LocalPersonEntity, {
      where: { tenantId, status: 'active' },
      order: { id: 'ASC' },
    });
    const ended = await manager.find(LocalSessionEntity, {
      where: { tenantId, endedAt: Not(IsNull()), expiresAt: MoreThan(now) },
      order: { id: 'ASC' },
    });
    const keys = await manager.find(LocalApiKeyEntity, {
      where: { tenantId, expiresAt: MoreThan(now) },
      order: { id: 'ASC' },
    });
    const byId = new Map(people.map((person) => [person.id, person]));
    return {
      people: Object.fromEntries(people.map((person) => [person.id, livePerson(person)])),
      ended_sessions: Object.fromEntries(ended.map(({ id, expiresAt }) => [id, expiresAt.toISOString()])),
      api_keys: Object.fromEntries(
        keys.flatMap((key) => {
          const person = byId.get(key.personId);
          return person ? [[key.keySha256.toString('hex'), liveKey(key, person)] as const] : [];
        }),
      ),
    };
  }
}

function livePerson({ roles, tokensNotBefore, keptSessionId }: LocalPersonEntity): LivePerson {
  return {
    roles: roles as Role[],
    super_admin: false,
    tokens_not_before: tokensNotBefore?.toISOString() ?? null,
    ...(keptSessionId === null ? {} : { kept_session: keptSessionId }),
  };
}

function liveKey({ id, role, expiresAt }: LocalApiKeyEntity, person: LocalPersonEntity): LiveApiKey {
  return {
    id,
    tenant_id: person.tenantId,
    person_id: person.id,
    username: person.username,
    role: role as Role,
    expires_at: expiresAt.toISOString(),
  };
}

function toPerson(row: LocalPersonEntity): LocalPerson {
  const { id, tenantId, username, passwordHash, tokensNotBefore } = row;
  return {
    id,
    tenantId,
    username,
    passwordHash,
    roles: row.roles as Role[],
    superAdmin: false,
    active: row.status === 'active',
    tokensNotBefore,
  };
}
