/**
 * What an engine is asked to read of one call at most: rules are about what is asked for, not about bulk. `items` counts
 * those of all lists together, `members` those of all objects.
 */
export const INPUT_LIMITS = { bytes: 256 * 1024, items: 1_000, members: 4_000 } as const;

const MAX_NAMED = 100;
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
// The shortest list of too many items is longer than this: anything below needs no look.
const SURELY_WITHIN = 2 * INPUT_LIMITS.items;

export interface BoundedJson {
  readonly value: unknown;
  /** JSON pointers (RFC 6901) of what was left out, at most 100; names that are not plain identifiers read `*`. */
  readonly truncated: readonly string[];
}

/**
 * A JSON value within bounds: a text that would go beyond them is left out whole, a list or object ends where they are
 * reached.
 * @param bytes size of the message that holds the value; 0 when it is not known
 */
export function boundedJson(value: unknown, bytes: number): BoundedJson {
  if (bytes > 0 && bytes <= SURELY_WITHIN) return { value, truncated: [] };
  const cutter = new Cutter();
  const kept = cutter.cut(value, '');
  return cutter.truncated.length === 0
    ? { value, truncated: [] }
    : { value: kept, truncated: cutter.truncated };
}

class Cutter {
  readonly truncated: string[] = [];
  #bytes: number = INPUT_LIMITS.bytes;
  #items: number = INPUT_LIMITS.items;
  #members: number = INPUT_LIMITS.members;

  cut(value: unknown, pointer: string): unknown {
    if (typeof value === 'string') return this.#spend(sizeOf(value)) ? value : this.#omit(pointer, '');
    if (typeof value !== 'object' || value === null)
      return this.#spend(String(value).length) ? value : this.#omit(pointer, null);
    if (!this.#spend(2)) return this.#omit(pointer, null);
    return Array.isArray(value) ? this.#list(value, pointer) : this.#object(value, pointer);
  }

  #list(items: readonly unknown[], pointer: string): unknown[] {
    const kept: unknown[] = [];
    for (const [index, item] of items.entries()) {
      const at = `${pointer}/${String(index)}`;
      if (this.#items-- <= 0 || !this.#spend(1)) {
        this.#omit(at, null);
        break;
      }
      kept.push(this.cut(item, at));
    }
    return kept;
  }

  #object(object: object, pointer: string): Record<string, unknown> {
    const kept: [string, unknown][] = [];
    for (const [name, member] of Object.entries(object)) {
      const at = `${pointer}/${PLAIN_NAME.test(name) ? name : '*'}`;
      if (this.#members-- <= 0 || !this.#spend(2 + sizeOf(name))) {
        this.#omit(at, null);
        break;
      }
      kept.push([name, this.cut(member, at)]);
    }
    return Object.fromEntries(kept);
  }

  #spend(bytes: number): boolean {
    if (bytes > this.#bytes) return false;
    this.#bytes -= bytes;
    return true;
  }

  #omit<T>(pointer: string, instead: T): T {
    if (this.truncated.length < MAX_NAMED) this.truncated.push(pointer);
    return instead;
  }
}

// What JSON writes longer than it is.
const ESCAPED = /[\u0000-\u001f"\\]/;

/** @returns bytes of a text as JSON */
function sizeOf(text: string): number {
  return ESCAPED.test(text) ? Buffer.byteLength(JSON.stringify(text)) : 2 + Buffer.byteLength(text);
}
