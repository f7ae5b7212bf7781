import type { Pool } from 'pg';
import type { PgNotifications } from '../database/pg-notifications';
import { told, type PlaneStateStore, type Versioned } from './plane-state';

const CHANNEL = 'behavry_plane_state';

interface Row {
  readonly key: string;
  readonly version: string;
  readonly value: string;
}

/** Plane state in a PostgreSQL table; LISTEN/NOTIFY carries version and key of each change. */
export class PgPlaneStateStore implements PlaneStateStore {
  constructor(
    private readonly pool: Pool,
    private readonly notifications: PgNotifications,
  ) {}

  async readAll(): Promise<ReadonlyMap<string, Versioned<string>>> {
    const { rows } = await this.pool.query<Row>('SELECT key, version, value FROM plane.plane_state');
    return new Map(rows.map((row) => [row.key, { version: Number(row.version), value: row.value }]));
  }

  async read(key: string): Promise<Versioned<string> | undefined> {
    const { rows } = await this.pool.query<Row>(
      'SELECT key, version, value FROM plane.plane_state WHERE key = $1',
      [key],
    );
    return rows[0] && { version: Number(rows[0].version), value: rows[0].value };
  }

  async write(key: string, text: string): Promise<number> {
    // Never below the time in milliseconds, so that it rises even when the table was lost.
    const { rows } = await this.pool.query<Row>(
      `WITH now AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms), written AS (
         INSERT INTO plane.plane_state (key, version, value) SELECT $1, ms, $2 FROM now
         ON CONFLICT (key) DO UPDATE
           SET version = greatest(EXCLUDED.version, plane_state.version + 1), value = EXCLUDED.value
         RETURNING key, version)
       SELECT version, pg_notify('${CHANNEL}', version || ' ' || key) FROM written`,
      [key, text],
    );
    return Number(rows[0]?.version);
  }

  async follow(changed: (key: string, version: number) => void): Promise<void> {
    await this.notifications.listen(CHANNEL, (message) => {
      if (message === '') changed('', 0);
      else told(message, changed);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
