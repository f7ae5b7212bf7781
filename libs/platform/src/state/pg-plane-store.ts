import type { Pool } from 'pg';
import type { PgNotifications } from '../database/pg-notifications';
import { PlaneStore, type StoreChannel } from './plane-store';

const CHANNELS: Readonly<Record<StoreChannel, string>> = {
  changed: 'behavry_plane_state',
  signal: 'behavry_plane_signal',
};

interface Row {
  readonly key: string;
  readonly value: string;
}

/** A plane's values in a PostgreSQL table, its messages over LISTEN/NOTIFY (at most 8000 bytes each). */
export class PgPlaneStore extends PlaneStore {
  constructor(
    private readonly pool: Pool,
    private readonly notifications: PgNotifications,
  ) {
    super();
  }

  async readAll(): Promise<ReadonlyMap<string, string>> {
    const { rows } = await this.pool.query<Row>('SELECT key, value FROM plane.plane_state');
    return new Map(rows.map(({ key, value }) => [key, value]));
  }

  async read(key: string): Promise<string | undefined> {
    const { rows } = await this.pool.query<Row>('SELECT key, value FROM plane.plane_state WHERE key = $1', [
      key,
    ]);
    return rows[0]?.value;
  }

  async replace(key: string, present: string | undefined, text: string): Promise<boolean> {
    const { rowCount } =
      present === undefined
        ? await this.pool.query(
            'INSERT INTO plane.plane_state (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING',
            [key, text],
          )
        : await this.pool.query(
            'UPDATE plane.plane_state SET value = $2 WHERE key = $1 AND starts_with(value, $3)',
            [key, text, present],
          );
    return rowCount === 1;
  }

  async tell(channel: StoreChannel, message: string): Promise<void> {
    await this.pool.query('SELECT pg_notify($1, $2)', [CHANNELS[channel], message]);
  }

  follow(channel: StoreChannel, heard: (message: string) => void): Promise<void> {
    return this.notifications.listen(CHANNELS[channel], heard);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
