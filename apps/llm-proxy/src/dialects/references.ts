import type { EncodedText } from '@behavry/pipeline';
import type { ModelRequest, Reference, Unscanned } from './dialect';
import { isAbsent, textIn } from './reading';

const PLAIN_ID = /^[A-Za-z0-9_][A-Za-z0-9_.:/@+=-]{0,255}$/;
const MAX_REFERENCES = 512;
/** Each is scanned by itself; what is more is told as what nobody reads. */
const MAX_ENCODED = 32;

/** What a request is made of besides what can be read in it: things that the provider keeps, and media. */
export class References {
  readonly #all = new Map<string, Reference>();
  readonly #unscanned = new Set<Unscanned>();
  readonly #encoded: EncodedText[] = [];

  get all(): readonly Reference[] {
    return [...this.#all.values()];
  }

  /** As a request has them. */
  get found(): Required<Pick<ModelRequest, 'references' | 'unscanned' | 'encoded'>> {
    return { references: this.all, unscanned: [...this.#unscanned], encoded: this.#encoded };
  }

  /** Notes a part that nobody here can read. */
  addUnscanned(kind: Unscanned): void {
    this.#unscanned.add(kind);
  }

  /**
   * Notes a part that may be written into the request: as the text that it is, or as one that nobody here can read.
   * @param member in which it is written
   * @param beside members that may stand there too; any other could bring more than the text
   * @param read finds the text
   */
  addWritten(
    kind: Unscanned,
    holder: unknown,
    member: string,
    beside: readonly string[],
    read: (written: unknown) => string | undefined,
  ): void {
    const written = textIn(holder, member);
    const text = this.#encoded.length < MAX_ENCODED ? read(written) : undefined;
    if (written !== undefined && text !== undefined) this.#encoded.push({ written, text });
    const isWhole =
      text !== undefined &&
      Object.entries(holder as object).every(
        ([name, value]) => name === member || beside.includes(name) || isAbsent(value),
      );
    if (!isWhole) this.addUnscanned(kind);
  }

  /** Whether they are more than anybody would decide. */
  get isCrowded(): boolean {
    return this.#all.size > MAX_REFERENCES;
  }

  /** @returns false for what is no id */
  add(kind: string, id: unknown): boolean {
    if (typeof id !== 'string' || !PLAIN_ID.test(id)) return false;
    this.#all.set(`${kind} ${id}`, { kind, id });
    return true;
  }

  /** @returns as {@link add}; nothing need be named */
  addAny(kind: string, id: unknown): boolean {
    return isAbsent(id) || this.add(kind, id);
  }

  /** @returns as {@link add}, for a list that need not be there */
  addEach(kind: string, ids: unknown): boolean {
    if (isAbsent(ids)) return true;
    return Array.isArray(ids) && (ids as unknown[]).every((id) => this.add(kind, id));
  }
}
