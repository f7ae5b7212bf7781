import type { DatabaseRole, PlaneKeys } from '../keys/plane-keys';

/** Schema of BullMQ's own tables, when PostgreSQL serves the queues. */
export const QUEUE_SCHEMA = 'queues';

export interface DatabaseLogin {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly ssl?: boolean;
}

/** Name of a login of a plane's database: each database has its own two. */
export function roleName(database: string, role: DatabaseRole): string {
  return `${database}_${role}`;
}

/**
 * How an app reaches its database: place and name from the URL, login and password of its own.
 * @param url `postgres://[…@]host[:port]/database[?sslmode=require]`; credentials in it are ignored
 */
export function databaseLogin(url: string, role: DatabaseRole, keys: PlaneKeys): DatabaseLogin {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const database = decodeURIComponent(pathname.slice(1));
  const sslmode = searchParams.get('sslmode');
  return {
    host: hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: port === '' ? 5432 : Number(port),
    database,
    user: roleName(database, role),
    password: keys.databasePassword(role),
    ...(sslmode !== null && sslmode !== 'disable' ? { ssl: true } : {}),
  };
}
