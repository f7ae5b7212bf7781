import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';

const SERVER_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Where a server runs, and as whom. */
export interface ServerHome {
  readonly path: string;
  /** User and group id; undefined for the host's own. */
  readonly uid: number | undefined;
}

/** The user ids that servers get; undefined when all run under the host's own. */
export type UidRange = { readonly base: number; readonly count: number } | undefined;

/** Servers go through it to their homes. Left alone where it is so already: changing it takes more rights than using it. */
function letPass(folder: string): void {
  if ((lstatSync(folder).mode & 0o777) !== 0o711) chmodSync(folder, 0o711);
}

/**
 * A folder of its own for every server, which only its user can enter. The folder's owner is the record of which user
 * id belongs to the server: it stays the same for good, and no other server ever gets it.
 */
export class ServerHomes {
  readonly #folder: string;

  constructor(
    folder: string,
    private readonly uids: UidRange,
  ) {
    this.#folder = join(folder, 'homes');
    mkdirSync(this.#folder, { recursive: true, mode: 0o711 });
    if (uids) [folder, this.#folder].forEach(letPass);
  }

  /**
   * Gives a server's folder, made now when there is none.
   * @throws Error with a sentence when the id is none, or no user id is left
   */
  open(serverId: string): ServerHome {
    if (!SERVER_ID.test(serverId)) throw new Error('the id of a server holds a-z, 0-9 and - only');
    const path = join(this.#folder, serverId);
    const found = lstatSync(path, { throwIfNoEntry: false });
    const uid = this.uids && (found ? this.#checkedUid(found, path) : this.#freeUid());
    for (const folder of [path, join(path, 'tmp')]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (uid !== undefined && !found) chownSync(folder, uid, uid);
    }
    return { path, uid };
  }

  /** Every user id that belongs to a server. */
  uidsInUse(): number[] {
    return readdirSync(this.#folder)
      .map((name) => lstatSync(join(this.#folder, name)).uid)
      .filter((uid) => this.#isOurs(uid));
  }

  #checkedUid(found: Stats, path: string): number {
    if (found.isDirectory() && this.#isOurs(found.uid)) return found.uid;
    throw new Error(
      `${path} does not belong to a user of BEHAVRY_STDIO_UID_BASE; remove it or give it to one`,
    );
  }

  #freeUid(): number {
    const { base, count } = this.uids ?? { base: 0, count: 0 };
    const taken = new Set(this.uidsInUse());
    for (let uid = base; uid < base + count; uid++) if (!taken.has(uid)) return uid;
    throw new Error(
      'no user id is left for another server; raise BEHAVRY_STDIO_UID_COUNT or remove unused homes',
    );
  }

  #isOurs(uid: number): boolean {
    return this.uids !== undefined && uid >= this.uids.base && uid < this.uids.base + this.uids.count;
  }
}

/** Kills whatever runs under one of these user ids, also what left its process group. */
export function killAllOf(uids: readonly number[]): void {
  // A process that forks while it is looked for is found in the next pass.
  for (let pass = 0; pass < 10; pass++) {
    const pids = runningUnder(new Set(uids));
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
    }
  }
}

function runningUnder(uids: ReadonlySet<number>): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        const uid = /^Uid:\t(\d+)/m.exec(status)?.[1];
        return uid !== undefined && uids.has(Number(uid)) && !/^State:\tZ/m.test(status);
      } catch {
        return false;
      }
    })
    .map(Number);
}
