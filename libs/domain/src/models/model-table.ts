import type { ModelPattern } from './model-pattern';

/**
 * Values by model, prepared so that a look-up costs a few reads of a map however many patterns there are.
 * Of several that fit, the one for the exact name is found, else the longest; one for the provider before one for all.
 */
export class ModelTable<T> {
  readonly #exact = new Map<string, T>();
  /** By length of the prefix, longest first. */
  readonly #prefixes: readonly (readonly [length: number, values: ReadonlyMap<string, T>])[];

  /** @param entries of two for the same models the first counts */
  constructor(entries: Iterable<readonly [ModelPattern, T]>) {
    const prefixes = new Map<number, Map<string, T>>();
    for (const [{ provider, name, isPrefix }, value] of entries) {
      const key = keyOf(provider, name);
      const values = isPrefix ? (prefixes.get(name.length) ?? new Map<string, T>()) : this.#exact;
      if (!values.has(key)) values.set(key, value);
      if (isPrefix) prefixes.set(name.length, values);
    }
    this.#prefixes = [...prefixes].sort(([a], [b]) => b - a);
  }

  /** @param name in lower case */
  exact(provider: string, name: string): T | undefined {
    return this.#exact.get(keyOf(provider, name)) ?? this.#exact.get(keyOf(undefined, name));
  }

  /** @param beyond only prefixes that are longer; every one when left out */
  prefix(provider: string, name: string, beyond = -1): T | undefined {
    for (const [length, values] of this.#prefixes) {
      if (length <= beyond) return undefined;
      if (length > name.length) continue;
      const start = name.slice(0, length);
      const found = values.get(keyOf(provider, start)) ?? values.get(keyOf(undefined, start));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  find(provider: string, name: string): T | undefined {
    return this.exact(provider, name) ?? this.prefix(provider, name);
  }
}

/** A provider has no slash in its name, so two keys are the same only for the same provider and name. */
function keyOf(provider: string | undefined, name: string): string {
  return `${provider ?? '*'}/${name}`;
}
