import type { Finding } from '@behavry/contracts';

/** What was found in one text by itself. */
export interface FoundSecrets {
  /** By place; where they stand in a message is not known here. */
  readonly found: readonly Finding[];
  /** By pattern, how many there were, listed or not. */
  readonly counts: ReadonlyMap<string, number>;
}

export interface FoundOrders {
  readonly found: readonly Finding[];
  /** The highest sum of weights. */
  readonly score: number;
}

/** What each kind of search comes to for a text. */
export interface TextFacts {
  readonly dlp: FoundSecrets;
  readonly injection: FoundOrders;
}

/**
 * Remembers what searches came to, so that a text that was searched before need not be searched again. Whoever makes one
 * answers for it that it is asked with the same patterns always.
 */
export interface TextMemory {
  /**
   * @param name of the member with the text, which is searched with it; empty for an item of a list
   * @param look searches the text; what it gives depends on name and text alone
   */
  recall<K extends keyof TextFacts>(
    kind: K,
    name: string,
    text: string,
    look: () => TextFacts[K],
  ): TextFacts[K];
}
