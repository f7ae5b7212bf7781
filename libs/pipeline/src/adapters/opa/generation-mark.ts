import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface GenerationOptions {
  /** Where the highest generation is kept over restarts; without it, only while the process runs. */
  readonly generationFile?: string;
  /** Told once for each generation that is older than one seen before. */
  readonly onOutdated?: (seen: number, highest: number) => void;
  /** Told once when the generation cannot be written, and again when that begins anew. */
  readonly onUnwritten?: (error: unknown) => void;
}

/**
 * The highest generation of policies that decided anything here. Old bundles stay validly signed for ever, so that
 * whoever sits between the planes could replay one; this is what notices. After a control plane was restored from
 * an older backup the file has to be removed by hand.
 */
export class GenerationMark {
  readonly #options: GenerationOptions;
  #highest: number;
  /** What the file holds. */
  #written: number;
  #isFailing = false;
  #alarmed: number | undefined;

  /** @throws Error when the file exists and does not hold a generation */
  constructor(options: GenerationOptions) {
    this.#options = options;
    this.#highest = options.generationFile === undefined ? 0 : readGeneration(options.generationFile);
    this.#written = this.#highest;
  }

  /** @returns whether a decision of this generation counts */
  accepts(generation: number): boolean {
    if (generation < this.#highest) {
      if (this.#alarmed !== generation) this.#options.onOutdated?.(generation, this.#highest);
      this.#alarmed = generation;
      return false;
    }
    if (generation > this.#highest) this.#alarmed = undefined;
    this.#highest = generation;
    this.#keep();
    return true;
  }

  /**
   * Written at once, which happens once a bundle: what is forgotten in a crash could be replayed. A disk that takes
   * nothing stops no decision: it is tried again with the next one.
   */
  #keep(): void {
    const file = this.#options.generationFile;
    if (file === undefined || this.#written === this.#highest) return;
    try {
      const partial = `${file}.${String(process.pid)}`;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(partial, String(this.#highest), { mode: 0o600, flush: true });
      renameSync(partial, file);
      this.#written = this.#highest;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#options.onUnwritten?.(error);
      this.#isFailing = true;
    }
  }
}

function readGeneration(file: string): number {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Error(`${file} does not hold a generation of policies; remove it to begin anew`);
}
