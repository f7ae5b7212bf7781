import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface GenerationOptions {
  /** Where the highest generation is kept over restarts; without it, only while the process runs. */
  readonly generationFile?: string;
  /** Told once for each generation that is older than one seen before. */
  readonly onOutdated?: (seen: number, highest: number) => void;
}

/**
 * The highest generation of policies that decided anything here. Old bundles stay validly signed for ever, so that
 * whoever sits between the planes could replay one; this is what notices. After a control plane was restored from
 * an older backup the file has to be removed by hand.
 */
export class GenerationMark {
  readonly #options: GenerationOptions;
  #highest: number;
  #alarmed: number | undefined;

  /** @throws Error when the file exists and does not hold a generation */
  constructor(options: GenerationOptions) {
    this.#options = options;
    this.#highest = options.generationFile === undefined ? 0 : readGeneration(options.generationFile);
  }

  /** @returns whether a decision of this generation counts */
  accepts(generation: number): boolean {
    if (generation < this.#highest) {
      if (this.#alarmed !== generation) this.#options.onOutdated?.(generation, this.#highest);
      this.#alarmed = generation;
      return false;
    }
    if (generation > this.#highest) this.#keep(generation);
    return true;
  }

  /** Written at once, which happens once a bundle: what is forgotten in a crash could be replayed. */
  #keep(generation: number): void {
    this.#highest = generation;
    this.#alarmed = undefined;
    const file = this.#options.generationFile;
    if (file === undefined) return;
    const partial = `${file}.${String(process.pid)}`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(partial, String(generation), { mode: 0o600, flush: true });
    renameSync(partial, file);
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
