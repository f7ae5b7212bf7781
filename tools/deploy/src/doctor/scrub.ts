/** Shorter values stand everywhere by chance. */
const SHORTEST_SECRET = 6;
const MASK = '[masked]';

/** What looks like a credential wherever it stands. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  // user and password in an address
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, `$1${MASK}@`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, MASK],
  [/\b(bearer|basic)\s+[\w.~+/=-]+/gi, `$1 ${MASK}`],
  [/-----BEGIN [^-]+-----[^]*?-----END [^-]+-----/g, MASK],
  // keys by their makers' prefixes, and long random texts; ids with hyphens stay
  [/\b(?:sk-|pk-|gh[pousr]_|xox[abp]-|AKIA|bhv)[-_A-Za-z0-9]{12,}/g, MASK],
  [/\b[A-Za-z0-9+/_]{40,}={0,2}/g, MASK],
  [/[\w.+-]+@[\w-]+\.[\w.]+/g, MASK],
];

/** Takes out of texts what may not leave: values that are known, and what looks like one. */
export class Scrubber {
  readonly #secrets: readonly string[];

  /** @param secrets values that must not leave; those that are very short are not looked for */
  constructor(secrets: Iterable<string>) {
    this.#secrets = [...new Set(secrets)]
      .filter((secret) => secret.length >= SHORTEST_SECRET)
      .sort((a, b) => b.length - a.length);
  }

  scrub(text: string): string {
    const known = this.#secrets.reduce((left, secret) => left.replaceAll(secret, MASK), text);
    return SHAPES.reduce((left, [shape, by]) => left.replaceAll(shape, by), known);
  }

  /** Takes known values alone: for texts that hold nothing of strangers. */
  scrubKnown(text: string): string {
    return this.#secrets.reduce((left, secret) => left.replaceAll(secret, MASK), text);
  }

  /** Whether a text still holds a known value. */
  holdsSecret(text: string): boolean {
    return this.#secrets.some((secret) => text.includes(secret));
  }
}
