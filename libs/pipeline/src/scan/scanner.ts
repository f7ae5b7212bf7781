import type { Finding } from '@behavry/contracts';
import type { TextMemory } from '@behavry/domain';

/** What is to become of a message. The strongest wins: block > hold > stand_in > redact > pass. */
export type ScanVerdict = 'pass' | 'redact' | 'block' | 'stand_in' | 'hold';

export type Direction = 'outbound' | 'inbound';

export interface ScanOptions {
  /** A redact obligation: what is found is taken out instead of blocked. */
  readonly redacts?: boolean;
  /** Whose texts they are, where the same ones come again and again: what is known of them is not searched again. */
  readonly agentId?: string | undefined;
}

export interface ChannelOptions extends Pick<ScanOptions, 'redacts'> {
  /** What findings say about where the text stood. */
  readonly field?: string;
  /** Whether the text is a result or a document, in which injections are looked for; not a model's own prose. */
  readonly injection?: boolean;
}

/** What one scanner says of a message, or of what became certain of a text. */
export interface Opinion {
  readonly verdict: ScanVerdict;
  /** At most 100, by place. */
  readonly findings: readonly Finding[];
  /** By pattern, how many there were when more were found than listed. */
  readonly counts: Readonly<Record<string, number>>;
  readonly tags: readonly string[];
  /** Points; 50 and more count as a high finding, 100 and more as a critical one. */
  readonly score: number;
  /** The finding that decided, for every verdict but `pass` and `redact`. */
  readonly decidedBy: Finding | null;
}

/** One thing that texts are scanned for. Adding one is a file that implements this, and a line in `Scan.of`. */
export interface Scanner {
  /** Under which name its findings stand in the record and in policy's input. */
  readonly kind: 'dlp' | 'injection';
  /**
   * @param value any JSON value
   * @param memory for the texts in it; all scanners go through a value in one order
   */
  whole(value: unknown, direction: Direction, options: ScanOptions, memory?: TextMemory): Opinion;
  /** @returns undefined when this scanner has nothing to say of such texts */
  channel(direction: Direction, options: ChannelOptions): ScannerChannel | undefined;
  /** The value with what this scanner found taken out; left out by scanners that take nothing out. */
  redact?(value: unknown, memory?: TextMemory): unknown;
}

/** One scanner's look at a text that arrives in pieces. */
export interface ScannerChannel {
  /** Everything before this place is known and may be released. */
  readonly decided: number;
  /** @returns what became certain with the piece; undefined for nothing */
  push(chunk: string): Opinion | undefined;
  end(): Opinion | undefined;
  /** @returns the piece, which begins at `start` and ends before `decided`, with what was found taken out */
  redact?(piece: string, start: number): string;
}
