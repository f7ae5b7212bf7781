import type { EntityManager } from 'typeorm';
import type { Role } from '@behavry/contracts';
import type { SignInRecord } from '@behavry/db-control';

/** Where a plane has its people: the tables of both schemas are alike, but nobody of a data plane is a super-administrator. */
export type PeopleSchema = 'control' | 'data';

export type PersonStatus = 'active' | 'disabled';

/** A person as administrators see it. */
export interface PersonRecord {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly roles: readonly Role[];
  readonly superAdmin: boolean;
  readonly status: PersonStatus;
  /** False until an invitation is accepted. */
  readonly hasPassword: boolean;
  readonly lastSignInAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Lets whoever holds the token behind it set the password, once. */
export interface PasswordLink {
  readonly sha256: Uint8Array;
  readonly expiresAt: Date;
}

interface Row {
  id: string;
  username: string;
  email: string | null;
  roles: Role[];
  super_admin: boolean;
  status: PersonStatus;
  has_password: boolean;
  last_sign_in_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

interface SignInRow {
  roles: Role[];
  super_admin: boolean;
  password_hash: string | null;
  tokens_not_before: Date | null;
}

/** What the driver gives for an UPDATE or DELETE. */
export type Changed<T = unknown> = readonly [rows: readonly T[], count: number];

/** People of one tenant, on whichever plane. */
export class PersonRecords {
  readonly #superAdmin: string;
  readonly #columns: string;

  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly schema: PeopleSchema,
    private readonly tenantId: string,
  ) {
    this.#superAdmin = schema === 'control' ? 'super_admin' : 'false AS super_admin';
    this.#columns = `id, username, email, roles, ${this.#superAdmin}, status, password_hash IS NOT NULL AS has_password,
      last_sign_in_at, created_at, updated_at`;
  }

  /** One page by username, and how many there are. */
  async list(page: {
    readonly limit: number;
    readonly offset: number;
  }): Promise<{ people: readonly PersonRecord[]; total: number }> {
    const rows = await this.#select('WHERE tenant_id = $1 ORDER BY username LIMIT $2 OFFSET $3', [
      page.limit,
      page.offset,
    ]);
    const [count] = await this.manager.query<{ total: number }[]>(
      `SELECT count(*)::integer AS total FROM ${this.schema}.people WHERE tenant_id = $1`,
      [this.tenantId],
    );
    return { people: rows, total: count?.total ?? 0 };
  }

  async get(id: string): Promise<PersonRecord | undefined> {
    const [person] = await this.#select('WHERE tenant_id = $1 AND id = $2', [id]);
    return person;
  }

  /**
   * People with these ids, and all who hold the tenant: administrators and super-administrators. They stay as they are
   * until the transaction ends, so that of two who would remove each other one is left.
   */
  lockHolders(ids: readonly string[]): Promise<readonly PersonRecord[]> {
    const holds =
      this.schema === 'control' ? `'admin' = ANY (roles) OR super_admin` : `'admin' = ANY (roles)`;
    return this.#select(`WHERE tenant_id = $1 AND (id = ANY ($2) OR ${holds}) ORDER BY id FOR UPDATE`, [ids]);
  }

  /** Adds somebody who has no password yet. Throws the driver's unique violation when the username is taken. */
  async invite(
    person: Pick<PersonRecord, 'id' | 'username' | 'email' | 'roles' | 'createdAt'>,
    link: PasswordLink,
  ): Promise<void> {
    const [columns, values] = this.schema === 'control' ? [', super_admin', ', false'] : ['', ''];
    await this.manager.query(
      `INSERT INTO ${this.schema}.people (id, tenant_id, username, email, roles, status, link_sha256,
         link_expires_at, created_at, updated_at${columns})
       VALUES ($2, $1, $3, $4, $5, 'active', $6, $7, $8, $8${values})`,
      [
        this.tenantId,
        person.id,
        person.username,
        person.email,
        person.roles,
        link.sha256,
        link.expiresAt,
        person.createdAt,
      ],
    );
  }

  async setRole(id: string, role: Role, now: Date): Promise<void> {
    await this.#update(id, 'roles = $3, updated_at = $4', [[role], now]);
  }

  /** Who is no longer active loses tokens and links. */
  async setStatus(id: string, status: PersonStatus, now: Date): Promise<void> {
    await this.#update(id, 'status = $3, updated_at = $4', [status, now]);
  }

  /** Gives a person a link in the place of the one before. */
  async setLink(id: string, { sha256, expiresAt }: PasswordLink, now: Date): Promise<void> {
    await this.#update(id, 'link_sha256 = $3, link_expires_at = $4, updated_at = $5', [
      sha256,
      expiresAt,
      now,
    ]);
  }

  /** Whether a link is good now. */
  async hasLink(id: string, sha256: Uint8Array, now: Date): Promise<boolean> {
    const found = await this.manager.query<unknown[]>(
      `SELECT 1 FROM ${this.schema}.people
        WHERE tenant_id = $1 AND id = $2 AND link_sha256 = $3 AND link_expires_at > $4 AND status = 'active'`,
      [this.tenantId, id, sha256, now],
    );
    return found.length > 0;
  }

  /** Uses a link: of all who try at once, one sets the password. */
  redeem(id: string, sha256: Uint8Array, passwordHash: string, now: Date): Promise<boolean> {
    return this.#update(
      id,
      `password_hash = $3, updated_at = $4, link_sha256 = NULL, link_expires_at = NULL`,
      [passwordHash, now, sha256],
      `AND link_sha256 = $5 AND link_expires_at > $4 AND status = 'active'`,
    );
  }

  /** What a new token of somebody active says and depends on; kept as it is until the transaction ends. */
  async signInRecord(
    id: string,
  ): Promise<
    Pick<SignInRecord, 'roles' | 'superAdmin' | 'passwordHash' | 'tokensNotBefore' | 'active'> | undefined
  > {
    const [row] = await this.manager.query<SignInRow[]>(
      `SELECT roles, ${this.#superAdmin}, password_hash, tokens_not_before FROM ${this.schema}.people
        WHERE tenant_id = $1 AND id = $2 AND status = 'active' FOR UPDATE`,
      [this.tenantId, id],
    );
    return (
      row && {
        roles: row.roles,
        superAdmin: row.super_admin,
        passwordHash: row.password_hash,
        tokensNotBefore: row.tokens_not_before,
        active: true,
      }
    );
  }

  /**
   * Gives a person a new password, unless it was changed since. Every token and link of the old one ends.
   * @param kept the session that goes on, if any
   */
  async changePassword(
    id: string,
    {
      before,
      after,
      kept,
    }: { readonly before: string; readonly after: string; readonly kept: string | null },
    now: Date,
  ): Promise<boolean> {
    const isChanged = await this.#update(
      id,
      'password_hash = $3, updated_at = $4, link_sha256 = NULL, link_expires_at = NULL',
      [after, now, before],
      `AND password_hash = $5 AND status = 'active'`,
    );
    // The end of tokens ends every session; this one is kept afterwards.
    return isChanged && (kept === null || this.#update(id, 'kept_session_id = $3', [kept]));
  }

  /** Ends the tokens that a person has now. */
  async endTokens(id: string, now: Date): Promise<void> {
    // What differs from every time that was set before makes the database set the time.
    await this.#update(id, `tokens_not_before = 'infinity', updated_at = $3`, [now]);
  }

  /**
   * Notes a sign-in, and keeps the person as it is until the transaction ends.
   * @param passwordHash that was right
   * @returns since when tokens count; undefined when the password was changed or the person disabled meanwhile
   */
  async noteSignIn(
    id: string,
    passwordHash: string,
    now: Date,
  ): Promise<{ readonly tokensNotBefore: Date | null } | undefined> {
    const [[row]] = await this.manager.query<Changed<{ tokens_not_before: Date | null }>>(
      `UPDATE ${this.schema}.people SET last_sign_in_at = $4
        WHERE tenant_id = $1 AND id = $2 AND password_hash = $3 AND status = 'active'
        RETURNING tokens_not_before`,
      [this.tenantId, id, passwordHash, now],
    );
    return row && { tokensNotBefore: row.tokens_not_before };
  }

  async #update(
    id: string,
    assignments: string,
    values: readonly unknown[],
    condition = '',
  ): Promise<boolean> {
    const [, count] = await this.manager.query<Changed>(
      `UPDATE ${this.schema}.people SET ${assignments} WHERE tenant_id = $1 AND id = $2 ${condition}`,
      [this.tenantId, id, ...values],
    );
    return count === 1;
  }

  async #select(rest: string, values: readonly unknown[]): Promise<readonly PersonRecord[]> {
    const rows = await this.manager.query<Row[]>(
      `SELECT ${this.#columns} FROM ${this.schema}.people ${rest}`,
      [this.tenantId, ...values],
    );
    return rows.map((row) => ({
      id: row.id,
      username: row.username,
      email: row.email,
      roles: row.roles,
      superAdmin: row.super_admin,
      status: row.status,
      hasPassword: row.has_password,
      lastSignInAt: row.last_sign_in_at,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    }));
  }
}
