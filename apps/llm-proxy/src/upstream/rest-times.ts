import type { Candidate } from './candidates';

const DEFAULT_REST_MS = 30_000;
const MIN_REST_MS = 1_000;
const MAX_REST_MS = 5 * 60_000;

/** Which addresses failed lately, and until when they are asked last. None is ever left out for it. */
export class RestTimes {
  readonly #until = new Map<string, number>();

  /** @param now milliseconds since the Unix epoch */
  constructor(private readonly now: () => number) {}

  /** @returns until when it rests; 0 when it does not */
  until(candidate: Candidate): number {
    const until = this.#until.get(nameOf(candidate)) ?? 0;
    return until > this.now() ? until : 0;
  }

  /**
   * @param restMs for how long it asked to be left alone; undefined when it did not say
   * @returns whether it did not rest before
   */
  failed(candidate: Candidate, restMs = DEFAULT_REST_MS): boolean {
    const isNew = this.until(candidate) === 0;
    this.#until.set(nameOf(candidate), this.now() + Math.min(Math.max(restMs, MIN_REST_MS), MAX_REST_MS));
    return isNew;
  }

  answered(candidate: Candidate): void {
    this.#until.delete(nameOf(candidate));
  }

  /** Forgets all but these. */
  keep(candidates: readonly Candidate[]): void {
    const names = new Set(candidates.map(nameOf));
    for (const name of this.#until.keys()) if (!names.has(name)) this.#until.delete(name);
  }
}

/** @returns how long an answer asks to be left alone, in ms; undefined when it does not say */
export function restIn(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  now: number,
): number | undefined {
  const [ms, after] = [headers['retry-after-ms'], headers['retry-after']];
  if (typeof ms === 'string' && /^\d{1,9}$/.test(ms)) return Number(ms);
  if (typeof after !== 'string') return undefined;
  if (/^\d{1,9}$/.test(after)) return Number(after) * 1000;
  const at = Date.parse(after);
  return Number.isNaN(at) ? undefined : at - now;
}

/** An address that a new document corrects is a new one. */
function nameOf({ id, base }: Candidate): string {
  return `${id} ${base.href}`;
}
