import { execFileSync } from 'node:child_process';
import { ComponentError } from '../component-error';

/** The user that runs PostgreSQL when we are root, which it refuses to run as. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Finds, or makes, the user to run PostgreSQL as.
 * @returns undefined when we are not root: then it runs as ourselves
 * @throws ComponentError when we are root and no such user can be had
 */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const existing = idsOf('postgres');
  if (existing) return existing;
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], {
      stdio: 'ignore',
    });
  } catch {
    // No such tool, or a read-only /etc: an existing powerless user serves as well.
  }
  const user = idsOf('postgres') ?? idsOf('nobody');
  if (user) return user;
  throw new ComponentError(
    'postgres',
    'PostgreSQL refuses to run as root and the user "postgres" could not be made. Start as another user, or set BEHAVRY_DB_URL.',
  );
}

function idsOf(name: string): ServerUser | undefined {
  try {
    const id = (flag: string): number =>
      Number(
        execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim(),
      );
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}
