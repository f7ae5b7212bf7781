import { FOLDS_TO_ASCII } from './rule-automaton';

/** Stands in a literal for any character beyond ASCII. */
export const BEYOND_ASCII = '\u0080';

/** What ends at an accepting state: which rule, and how long its literal is. */
export interface LiteralHit {
  readonly rule: number;
  readonly length: number;
}

/**
 * All literals of all rules as one automaton (Aho and Corasick) whose every transition is written out:
 * one look-up a character, however many literals there are. ASCII letters are folded. States with hits
 * come last, so that the loop over a text has one comparison.
 */
export class LiteralAutomaton {
  /** Class of each UTF-16 code unit. */
  readonly classes = new Uint8Array(65_536);
  /** Shift from a state to its row. */
  readonly shift: number;
  readonly delta: Uint16Array | Uint32Array;
  /** The first state with hits. */
  readonly firstHit: number;
  /** How many characters of literals each state has behind it. */
  readonly depths: Uint16Array;
  readonly #hits: readonly (readonly LiteralHit[])[];

  /** @param literals by rule, lower case */
  constructor(literals: readonly (readonly string[])[]) {
    const classCount = this.#classify(literals);
    this.shift = Math.ceil(Math.log2(Math.max(2, classCount)));
    const trie = new Trie();
    literals.forEach((ofRule, rule) => {
      for (const literal of ofRule) trie.add(literal, { rule, length: literal.length });
    });
    const { delta, hits, depths } = trie.complete(
      (character) => this.classes[character.charCodeAt(0)] ?? 0,
      classCount,
    );
    const count = hits.length;
    // Renumbered: the states without hits first.
    const order = Array.from({ length: count }, (_, state) => state).sort(
      (a, b) => Number((hits[a] ?? []).length > 0) - Number((hits[b] ?? []).length > 0) || a - b,
    );
    const numbers = new Uint32Array(count);
    order.forEach((state, number) => (numbers[state] = number));
    this.delta = new (count < 65_536 ? Uint16Array : Uint32Array)(count << this.shift);
    this.depths = new Uint16Array(count);
    this.#hits = order.map((state) => hits[state] ?? []);
    this.firstHit = order.findIndex((state) => (hits[state] ?? []).length > 0);
    if (this.firstHit < 0) this.firstHit = count;
    order.forEach((state, number) => {
      this.depths[number] = depths[state] ?? 0;
      for (let cls = 0; cls < classCount; cls++) {
        this.delta[(number << this.shift) | cls] = numbers[delta[state * classCount + cls] ?? 0] ?? 0;
      }
    });
  }

  /** @param state one from `firstHit` on */
  hitsOf(state: number): readonly LiteralHit[] {
    return this.#hits[state] ?? [];
  }

  /** @returns the state behind a text; -1 when a literal ends in it */
  reach(text: string, from: number): number {
    const { classes, delta, shift, firstHit } = this;
    let state = from;
    for (let index = 0; index < text.length; index++) {
      state = delta[(state << shift) | (classes[text.charCodeAt(index)] ?? 0)] ?? 0;
      if (state >= firstHit) return -1;
    }
    return state;
  }

  /** Class 0 is every character that stands in no literal. */
  #classify(literals: readonly (readonly string[])[]): number {
    const characters = [...new Set(literals.flat().join(''))];
    characters.forEach((character, index) => {
      const cls = index + 1;
      if (character === BEYOND_ASCII) {
        for (let code = 128; code < 65_536; code++) if (!FOLDS_TO_ASCII.has(code)) this.classes[code] = cls;
        return;
      }
      this.classes[character.charCodeAt(0)] = cls;
      this.classes[character.toUpperCase().charCodeAt(0)] = cls;
    });
    for (const [code, folded] of FOLDS_TO_ASCII) this.classes[code] = this.classes[folded] ?? 0;
    return characters.length + 1;
  }
}

class Trie {
  readonly #children: Map<string, number>[] = [new Map<string, number>()];
  readonly #hits: LiteralHit[][] = [[]];
  readonly #depths: number[] = [0];

  add(literal: string, hit: LiteralHit): void {
    let node = 0;
    for (const character of literal) {
      let child = this.#children[node]?.get(character);
      if (child === undefined) {
        child = this.#children.length;
        this.#children[node]?.set(character, child);
        this.#children.push(new Map());
        this.#hits.push([]);
        this.#depths.push((this.#depths[node] ?? 0) + 1);
      }
      node = child;
    }
    this.#hits[node]?.push(hit);
  }

  /** Breadth first: a missing transition is that of the longest suffix that is a beginning of a literal. */
  complete(
    classOf: (character: string) => number,
    classCount: number,
  ): {
    readonly delta: Uint32Array;
    readonly hits: readonly (readonly LiteralHit[])[];
    readonly depths: readonly number[];
  } {
    const delta = new Uint32Array(this.#children.length * classCount);
    const fallback = new Uint32Array(this.#children.length);
    const queue = [0];
    // Grows while it is walked.
    for (const node of queue) {
      const from = (fallback[node] ?? 0) * classCount;
      if (node !== 0) {
        delta.copyWithin(node * classCount, from, from + classCount);
        this.#hits[node]?.push(...(this.#hits[fallback[node] ?? 0] ?? []));
      }
      for (const [character, child] of this.#children[node] ?? []) {
        const cls = classOf(character);
        fallback[child] = node === 0 ? 0 : (delta[from + cls] ?? 0);
        delta[node * classCount + cls] = child;
        queue.push(child);
      }
    }
    return { delta, hits: this.#hits, depths: this.#depths };
  }
}
