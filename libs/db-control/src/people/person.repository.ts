import type { PeopleState, Role } from '@behavry/contracts';
import type { EntityManager } from 'typeorm';
import { PersonEntity } from './person.entity';

/** Channel of the notification that goes out at the commit of every change of who may act; of schema `data` too. */
export const PEOPLE_CHANNEL = 'behavry_people';

/** What a sign-in needs to know of a username, whatever its tenant. */
export interface SignInRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly username: string;
  /** Null until an invitation is accepted. */
  readonly passwordHash: string | null;
  readonly roles: readonly Role[];
  readonly superAdmin: boolean;
  /** Whether the person may do anything now, see {@link livePeople}. */
  readonly active: boolean;
  readonly tokensNotBefore: Date | null;
}

export interface NewPerson {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  readonly superAdmin: boolean;
  readonly createdAt: Date;
}

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
}

interface SignInRow {
  id: string;
  tenant_id: string;
  username: string;
  password_hash: string | null;
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

/** Whose password a link sets, by the SHA-256 of its token, or undefined. Needs no tenant to be set. */
export async function personByLink(
  manager: EntityManager,
  sha256: Uint8Array,
): Promise<Pick<SignInRecord, 'id' | 'tenantId' | 'username'> | undefined> {
  const [row] = await manager.query<{ id: string; tenant_id: string; username: string }[]>(
    'SELECT * FROM control.person_by_link($1)',
    [sha256],
  );
  return row && { id: row.id, tenantId: row.tenant_id, username: row.username };
}

interface LiveRow {
  id: string;
  roles: Role[];
  super_admin: boolean;
  tokens_not_before: Date | null;
  kept_session_id: string | null;
}

interface EndedRow {
  id: string;
  expires_at: Date;
}

interface ApiKeyRow {
  id: string;
  tenant_id: string;
  person_id: string;
  username: string;
  key_sha256: Buffer;
  role: Role;
  expires_at: Date;
}

/**
 * Everybody of the plane who may act now: active people of active tenants, without their ended sessions, with their
 * keys. A super-administrator outlives the suspension of the own tenant, without its roles, so that somebody can resume
 * it. Needs no tenant to be set.
 */
export async function livePeople(manager: EntityManager, now: Date): Promise<PeopleState> {
  const people = await manager.query<LiveRow[]>('SELECT * FROM control.people_live()');
  const ended = await manager.query<EndedRow[]>('SELECT * FROM control.person_sessions_ended($1)', [now]);
  const keys = await manager.query<ApiKeyRow[]>('SELECT * FROM control.api_keys_live($1)', [now]);
  return {
    people: Object.fromEntries(
      people.map(({ id, roles, super_admin, tokens_not_before, kept_session_id }) => [
        id,
        {
          roles,
          super_admin,
          tokens_not_before: tokens_not_before?.toISOString() ?? null,
          ...(kept_session_id === null ? {} : { kept_session: kept_session_id }),
        },
      ]),
    ),
    ended_sessions: Object.fromEntries(ended.map(({ id, expires_at }) => [id, expires_at.toISOString()])),
    api_keys: Object.fromEntries(
      keys.map(({ key_sha256, expires_at, ...key }) => [
        key_sha256.toString('hex'),
        { ...key, expires_at: expires_at.toISOString() },
      ]),
    ),
  };
}
