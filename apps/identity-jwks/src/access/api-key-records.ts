import type { EntityManager } from 'typeorm';
import type { Role } from '@behavry/contracts';
import type { Changed, PeopleSchema } from '../people/person-records';

/** A key of a person's programs; its text is kept nowhere. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly label: string;
  readonly role: Role;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

interface Row {
  id: string;
  label: string;
  role: Role;
  created_at: Date;
  expires_at: Date;
}

/** Keys of one person, on whichever plane. */
export class ApiKeyRecords {
  readonly #table: string;

  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    schema: PeopleSchema,
    private readonly tenantId: string,
  ) {
    this.#table = `${schema}.api_keys`;
  }

  async insert(personId: string, key: ApiKeyRecord, sha256: Uint8Array): Promise<void> {
    await this.manager.query(
      `INSERT INTO ${this.#table} (tenant_id, person_id, id, key_sha256, label, role, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [this.tenantId, personId, key.id, sha256, key.label, key.role, key.createdAt, key.expiresAt],
    );
  }

  /** Those that are good now, the newest first; the others are forgotten. */
  async list(personId: string, now: Date): Promise<readonly ApiKeyRecord[]> {
    await this.#delete(personId, 'AND expires_at <= $3', [now]);
    const rows = await this.manager.query<Row[]>(
      `SELECT id, label, role, created_at, expires_at FROM ${this.#table}
        WHERE tenant_id = $1 AND person_id = $2 ORDER BY created_at DESC, id DESC`,
      [this.tenantId, personId],
    );
    return rows.map(({ id, label, role, created_at, expires_at }) => ({
      id,
      label,
      role,
      createdAt: created_at,
      expiresAt: expires_at,
    }));
  }

  /** @returns whether there was one */
  async delete(personId: string, id: string): Promise<boolean> {
    return (await this.#delete(personId, 'AND id = $3', [id])) === 1;
  }

  deleteAll(personId: string): Promise<number> {
    return this.#delete(personId);
  }

  async #delete(personId: string, condition = '', values: readonly unknown[] = []): Promise<number> {
    const [, count] = await this.manager.query<Changed>(
      `DELETE FROM ${this.#table} WHERE tenant_id = $1 AND person_id = $2 ${condition}`,
      [this.tenantId, personId, ...values],
    );
    return count;
  }
}
