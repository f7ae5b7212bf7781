import type { EntityManager } from 'typeorm';
import type { Changed, PeopleSchema } from '../people/person-records';

/** Whether a token is sent with each request by a program, or by a browser in a cookie. */
export type SessionKind = 'bearer' | 'cookie';

/** What a sign-in began. */
export interface SessionRecord {
  readonly id: string;
  readonly kind: SessionKind;
  /** The part of the address that one customer of a network holds. */
  readonly address: string;
  readonly userAgent: string;
  readonly createdAt: Date;
  /** When it was begun or renewed last. */
  readonly lastUsedAt: Date;
  /** When its last token does. */
  readonly expiresAt: Date;
}

interface Row {
  id: string;
  kind: SessionKind;
  address: string;
  user_agent: string;
  created_at: Date;
  last_used_at: Date;
  expires_at: Date;
}

/** Sessions of one person, on whichever plane. An ended one is kept until its last token has expired. */
export class SessionRecords {
  readonly #table: string;

  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    schema: PeopleSchema,
    private readonly tenantId: string,
  ) {
    this.#table = `${schema}.person_sessions`;
  }

  async insert(personId: string, session: SessionRecord): Promise<void> {
    await this.manager.query(
      `INSERT INTO ${this.#table} (tenant_id, person_id, id, kind, address, user_agent, created_at, last_used_at,
         expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        this.tenantId,
        personId,
        session.id,
        session.kind,
        session.address,
        session.userAgent,
        session.createdAt,
        session.lastUsedAt,
        session.expiresAt,
      ],
    );
  }

  /** Forgets those that are over. @returns how many are kept, ended ones too */
  async sweep(personId: string, now: Date): Promise<number> {
    await this.manager.query(
      `DELETE FROM ${this.#table} WHERE tenant_id = $1 AND person_id = $2 AND expires_at <= $3`,
      [this.tenantId, personId, now],
    );
    const [row] = await this.manager.query<{ kept: number }[]>(
      `SELECT count(*)::integer AS kept FROM ${this.#table} WHERE tenant_id = $1 AND person_id = $2`,
      [this.tenantId, personId],
    );
    return row?.kept ?? 0;
  }

  /** Those that are not over, the last used first. */
  async list(personId: string, now: Date): Promise<readonly SessionRecord[]> {
    const rows = await this.manager.query<Row[]>(
      `SELECT id, kind, address, user_agent, created_at, last_used_at, expires_at FROM ${this.#table}
        WHERE tenant_id = $1 AND person_id = $2 AND ended_at IS NULL AND expires_at > $3
        ORDER BY last_used_at DESC, id DESC`,
      [this.tenantId, personId, now],
    );
    return rows.map((row) => ({
      id: row.id,
      kind: row.kind,
      address: row.address,
      userAgent: row.user_agent,
      createdAt: row.created_at,
      lastUsedAt: row.last_used_at,
      expiresAt: row.expires_at,
    }));
  }

  /** @returns whether it was still going on */
  async renew(personId: string, id: string, expiresAt: Date, now: Date): Promise<boolean> {
    const count = await this.#update(
      'last_used_at = $3, expires_at = $4',
      'AND id = $5 AND expires_at > $3',
      [personId, now, expiresAt, id],
    );
    return count === 1;
  }

  /** @returns whether it was still going on */
  async end(personId: string, id: string, now: Date): Promise<boolean> {
    return (
      (await this.#update('ended_at = $3', 'AND id = $4 AND expires_at > $3', [personId, now, id])) === 1
    );
  }

  /** Ends all but the `kept` that were used last. */
  async endBeyond(personId: string, kept: number, now: Date): Promise<void> {
    await this.#update(
      'ended_at = $3',
      `AND id IN (SELECT id FROM ${this.#table} WHERE tenant_id = $1 AND person_id = $2 AND ended_at IS NULL
                   ORDER BY last_used_at DESC, id DESC OFFSET $4)`,
      [personId, now, kept],
    );
  }

  /** @param except a session that goes on @returns how many were ended */
  endAll(personId: string, now: Date, except: string | null = null): Promise<number> {
    return this.#update('ended_at = $3', 'AND id IS DISTINCT FROM $4::uuid', [personId, now, except]);
  }

  async #update(assignments: string, condition: string, values: readonly unknown[]): Promise<number> {
    const [, count] = await this.manager.query<Changed>(
      `UPDATE ${this.#table} SET ${assignments}
        WHERE tenant_id = $1 AND person_id = $2 AND ended_at IS NULL ${condition}`,
      [this.tenantId, ...values],
    );
    return count;
  }
}
