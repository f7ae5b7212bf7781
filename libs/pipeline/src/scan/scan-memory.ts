import { hash, randomBytes } from 'node:crypto';
import type { TextFacts, TextMemory } from '@behavry/domain';

/** A shorter text is searched sooner than its digest is made. */
const SHORTEST = 128;
/** What is kept, in texts and findings together: of one agent, and of all. A unit takes about 200 bytes. */
const MAX_OF_AGENT = 8_192;
const MAX_OF_ALL = 65_536;
/** A text with more findings is searched anew each time. */
const MAX_FINDINGS = 64;

type Known = Partial<TextFacts>;

/**
 * What one scan found in texts of agents that send them again and again: a chat goes up whole with each turn. It belongs
 * to its scan, so that changed patterns know nothing; agents share nothing. A text is known by a digest under a random
 * key of its agent; neither texts nor what was found in them is kept, only kinds and places.
 */
export class ScanMemory {
  /** Whoever came last stands last. */
  readonly #agents = new Map<string, AgentTexts>();

  /** @returns what to scan one value of an agent with */
  turn(agentId: string): Turn {
    const texts = this.#agents.get(agentId) ?? new AgentTexts();
    this.#agents.delete(agentId);
    this.#forget();
    this.#agents.set(agentId, texts);
    return new Turn(texts);
  }

  #forget(): void {
    let size = 0;
    for (const agent of this.#agents.values()) size += agent.size;
    for (const [agentId, agent] of this.#agents) {
      if (size <= MAX_OF_ALL) return;
      this.#agents.delete(agentId);
      size -= agent.size;
    }
  }
}

interface Passed {
  readonly name: string;
  readonly text: string;
  readonly digest: string;
  known: Known;
}

/** One value that all scanners go through, one after the other and in the same order: each digest is made once. */
export class Turn implements TextMemory {
  readonly #passed: Passed[] = [];
  #next = 0;

  constructor(private readonly texts: AgentTexts) {}

  /** To be called when a scanner begins with the value. */
  restart(): void {
    this.#next = 0;
  }

  recall<K extends keyof TextFacts>(
    kind: K,
    name: string,
    text: string,
    look: () => TextFacts[K],
  ): TextFacts[K] {
    // Digests are of UTF-8, in which all halves of characters are the same.
    if (text.length < SHORTEST || !text.isWellFormed() || !name.isWellFormed()) return look();
    const passed = this.#pass(name, text);
    const known: TextFacts[K] | undefined = passed.known[kind];
    if (known) return known;
    const facts = look();
    if (facts.found.length > MAX_FINDINGS) return facts;
    passed.known = { ...passed.known, [kind]: facts };
    this.texts.keep(passed.digest, passed.known);
    return facts;
  }

  #pass(name: string, text: string): Passed {
    const before = this.#passed[this.#next];
    if (before?.name === name && before.text === text) {
      this.#next++;
      return before;
    }
    const digest = this.texts.digestOf(name, text);
    const passed = { name, text, digest, known: this.texts.of(digest) };
    this.#passed[this.#next++] = passed;
    return passed;
  }
}

/** What is known of one agent's texts. Those that were not seen for longest are forgotten first. */
class AgentTexts {
  readonly #key = randomBytes(32).toString('hex');
  readonly #known = new Map<string, Known>();
  size = 0;

  /** BLAKE2 takes a key that stands before the text; its length, and that of the name's, cannot be taken for another. */
  digestOf(name: string, text: string): string {
    return hash('blake2b512', `${this.#key}${String(name.length)}:${name}${text}`, 'binary');
  }

  of(digest: string): Known {
    const known = this.#known.get(digest);
    if (!known) return {};
    this.#known.delete(digest);
    this.#known.set(digest, known);
    return known;
  }

  keep(digest: string, known: Known): void {
    this.#drop(digest);
    this.#known.set(digest, known);
    this.size += unitsOf(known);
    for (const oldest of this.#known.keys()) {
      if (this.size <= MAX_OF_AGENT) return;
      this.#drop(oldest);
    }
  }

  #drop(digest: string): void {
    const known = this.#known.get(digest);
    if (!known) return;
    this.#known.delete(digest);
    this.size -= unitsOf(known);
  }
}

function unitsOf({ dlp, injection }: Known): number {
  return 1 + (dlp?.found.length ?? 0) + (injection?.found.length ?? 0);
}
