import type { FileSpool } from './file-spool';
import { holdsEntries } from './spool-folder';
import { SpoolLockedError, SpoolLostError } from './spool-lock';
import { spoolPlaces } from './spool-places';
import type { SpoolSender } from './spool-sender';

export interface AbandonedSpoolsOptions {
  /** As for `takeSpoolPlace`. */
  readonly base: string;
  /** The folder of this process. */
  readonly own: string;
  /**
   * @param onLost called when another process took the folder meanwhile
   * @throws SpoolLockedError when a live process has it
   */
  readonly open: (folder: string, onLost: () => void) => Promise<FileSpool>;
  readonly sender: (spool: FileSpool) => SpoolSender;
  /** Told when what a process left in a folder begins to be sent. */
  readonly onTaken: (folder: string, entries: number) => void;
}

interface Taken {
  readonly spool: FileSpool;
  readonly sender: SpoolSender;
  /** What is left in it is another's now. */
  isLost: boolean;
}

/**
 * Sends on what processes left that ended and do not come back: takes their folders, closes their unfinished exchanges,
 * empties the folders when everything is stored, and gives them back.
 */
export class AbandonedSpools {
  readonly #taken = new Map<string, Taken>();
  #looking: Promise<void> | undefined;
  #isClosed = false;

  constructor(private readonly options: AbandonedSpoolsOptions) {}

  /** How many are being sent. */
  get size(): number {
    return this.#taken.size;
  }

  /** The writer's word about a spool, whoever's it is. */
  acknowledge(spools: Readonly<Record<string, number>>): void {
    for (const { spool, sender } of this.#taken.values()) {
      const position = spools[spool.id];
      if (position !== undefined) sender.acknowledge(position);
    }
  }

  /** Gives back what is sent, then takes what nobody has. One look at a time. @throws what the disk fails with */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** Gives everything back as it is; others go on with it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#looking?.catch(() => undefined);
    await Promise.all([...this.#taken.keys()].map((folder) => this.#giveBack(folder)));
  }

  async #look(): Promise<void> {
    for (const [folder, { spool, isLost }] of [...this.#taken])
      if (isLost || spool.backlog === 0) await this.#giveBack(folder);
    const { base, own, open, sender, onTaken } = this.options;
    for (const folder of await spoolPlaces(base)) {
      if (this.#isClosed) return;
      if (folder === own || this.#taken.has(folder) || !(await holdsEntries(folder))) continue;
      try {
        const spool = await open(folder, () => {
          const lost = this.#taken.get(folder);
          if (lost) lost.isLost = true;
        });
        const taken = { spool, sender: sender(spool), isLost: false };
        this.#taken.set(folder, taken);
        taken.sender.start();
        onTaken(folder, spool.backlog);
      } catch (error) {
        if (!(error instanceof SpoolLockedError)) throw error;
      }
    }
  }

  async #giveBack(folder: string): Promise<void> {
    const taken = this.#taken.get(folder);
    if (!taken) return;
    await taken.sender.stop();
    try {
      if (taken.spool.backlog === 0) await taken.spool.clear();
    } catch (error) {
      if (!(error instanceof SpoolLostError)) throw error;
    }
    await taken.spool.close();
    this.#taken.delete(folder);
  }
}
