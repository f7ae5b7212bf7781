import type { Finding } from '@behavry/contracts';
import { isInName, secretsIn } from './json-scanner';
import { MAX_NESTING, textOf } from './json-texts';
import type { PatternSet } from './pattern-set';
import { MAX_FINDINGS_PER_PATTERN } from './rule-search';
import type { TextMemory } from './text-memory';

/**
 * Takes findings out of one text, whole or in pieces that read together as the redacted whole. Each is
 * replaced by `[REDACTED:<pattern>]`; a pattern found so often that it is no longer listed takes the rest
 * of the text with it.
 */
export class Redaction {
  readonly #holes: { readonly pattern: string; readonly start: number; readonly end: number }[] = [];
  readonly #counts = new Map<string, number>();

  /** @param findings more of the text's findings, by place */
  add(findings: readonly Finding[]): void {
    for (const { pattern, span } of findings) {
      const count = (this.#counts.get(pattern) ?? 0) + 1;
      this.#counts.set(pattern, count);
      const [start, end] = span;
      this.#holes.push({ pattern, start, end: count >= MAX_FINDINGS_PER_PATTERN ? Infinity : end });
    }
  }

  /**
   * @param piece text whose findings have all been added
   * @param from where the piece begins in the whole text; never before the piece of the last call
   */
  apply(piece: string, from: number): string {
    const to = from + piece.length;
    let redacted = '';
    let position = from;
    while ((this.#holes[0]?.end ?? Infinity) <= from) this.#holes.shift();
    for (const { pattern, start, end } of this.#holes) {
      if (start >= to) break;
      if (end <= position) continue;
      redacted += piece.slice(position - from, Math.max(position, start) - from);
      // What began in an earlier piece was named there; an overlapping finding only lengthens the hole.
      if (start >= position) redacted += `[REDACTED:${pattern}]`;
      position = Math.min(end, to);
    }
    return redacted + piece.slice(position - from);
  }
}

/** @param findings of the whole text */
export function redactText(text: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return text;
  const redaction = new Redaction();
  redaction.add(findings);
  return redaction.apply(text, 0);
}

/**
 * Takes out of a JSON value what `scanJson` finds in it, listed or not. Strings stay strings, numbers
 * become 0, and a member's name stays a name, made distinct when two would become equal. Lists and
 * objects nested too deep to be walked safely come back empty.
 * @param memory as of `scanJson`
 * @returns a new value; parts without findings are shared with the old one
 */
export function redactJson(value: unknown, patterns: PatternSet, memory?: TextMemory): unknown {
  return redactMember('', value, { patterns, memory }, 0).value;
}

interface Search {
  readonly patterns: PatternSet;
  readonly memory: TextMemory | undefined;
}

interface Member {
  readonly name: string;
  readonly value: unknown;
}

function redactMember(name: string, value: unknown, search: Search, depth: number): Member {
  const text = textOf(value);
  const inner = text === undefined ? redactHolder(value, search, depth) : value;
  if (text === undefined && name === '') return { name, value: inner };
  const { found } = secretsIn(name, text, search.patterns, search.memory);
  if (found.length === 0) return { name, value: inner };
  const inName = found.filter((finding) => isInName(finding, name));
  const redactedName = redactText(name, inName);
  if (text === undefined || inName.length === found.length) return { name: redactedName, value: inner };
  if (typeof value === 'number') return { name: redactedName, value: 0 };
  const valueAt = name === '' ? 0 : name.length + 1;
  const inValue = found
    .filter((finding) => !isInName(finding, name))
    .map((finding): Finding => {
      const [start, end] = finding.span;
      return { ...finding, span: [Math.max(0, start - valueAt), end - valueAt] };
    });
  return { name: redactedName, value: redactText(text, inValue) };
}

function redactHolder(value: unknown, search: Search, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_NESTING) return Array.isArray(value) ? [] : {};
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => redactMember('', item, search, depth + 1).value);
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  const entries = Object.entries(value) as [string, unknown][];
  const members = entries.map(([key, member]) => redactMember(key, member, search, depth + 1));
  const isSame = members.every(({ name, value: member }, index) => {
    const [key, before] = entries[index] ?? [];
    return name === key && member === before;
  });
  return isSame ? value : fromMembers(entries, members);
}

function fromMembers(entries: readonly (readonly [string, unknown])[], members: readonly Member[]): unknown {
  const taken = new Set(members.flatMap(({ name }, index) => (entries[index]?.[0] === name ? [name] : [])));
  const repeats = new Map<string, number>();
  // Made from entries, so that a member named `__proto__` stays a member.
  return Object.fromEntries(
    members.map(({ name, value }, index) => {
      if (entries[index]?.[0] === name) return [name, value];
      let distinct = name;
      while (taken.has(distinct)) {
        const repeat = (repeats.get(name) ?? 1) + 1;
        repeats.set(name, repeat);
        distinct = `${name}_${String(repeat)}`;
      }
      taken.add(distinct);
      return [distinct, value];
    }),
  );
}
