import type { Exchange, KeyedDigest } from '@behavry/pipeline';
import type { PlaneMemory } from '@behavry/platform';
import type { Reference } from '../dialects/dialect';

/** OpenAI keeps responses for so long, unless told otherwise; others keep less. */
const KEPT_SECONDS = 30 * 86_400;

export interface ReferenceLedgerOptions {
  readonly memory: Pick<PlaneMemory, 'put' | 'get'>;
  /** Makes names that no stranger to the plane can guess. */
  readonly digest: Pick<KeyedDigest, 'ofJson'>;
  readonly onFault: (error: unknown) => void;
}

/** What is known of references. */
export interface Looked {
  readonly strange: readonly Reference[];
  /** Of those that are not strange: nobody else has them. */
  readonly addresses: ReadonlySet<string>;
}

const NOWHERE: ReadonlySet<string> = new Set();

/**
 * What a provider keeps under the plane's key, and for which agent: the key opens all of it for everybody, so the plane
 * remembers who was given what. Shared by the replicas; nothing of a name is kept but a keyed digest.
 */
export class ReferenceLedger {
  constructor(private readonly options: ReferenceLedgerOptions) {}

  /**
   * Remembers that an agent was given these, and by which address. Never throws: what is not remembered is not its own
   * later. With a key of its own an agent uses what is its own, of which nothing need be remembered.
   */
  async remember(exchange: Exchange, references: readonly Reference[] = []): Promise<void> {
    if (references.length === 0 || exchange.keySource === 'request') return;
    try {
      const value = String(exchange.outcomeExtra['upstream']);
      const memories = references.map((reference) => ({ key: this.#keyOf(exchange, reference), value }));
      await this.options.memory.put(memories, KEPT_SECONDS);
    } catch (error) {
      this.options.onFault(error);
    }
  }

  /** @returns which of the references the agent was not given here, or nobody can tell at present, and who keeps the others */
  async look(exchange: Exchange, references: readonly Reference[] = []): Promise<Looked> {
    if (references.length === 0 || exchange.keySource === 'request')
      return { strange: [], addresses: NOWHERE };
    try {
      const found = await this.options.memory.get(
        references.map((reference) => this.#keyOf(exchange, reference)),
      );
      return {
        strange: references.filter((_reference, index) => found[index] === undefined),
        addresses: new Set(found.filter((address) => address !== undefined)),
      };
    } catch (error) {
      this.options.onFault(error);
      return { strange: references, addresses: NOWHERE };
    }
  }

  #keyOf({ identity, provider }: Exchange, { kind, id }: Reference): string {
    if (!identity) throw new Error('references were looked at before their agent was known');
    const { tenantId, agentId } = identity;
    return this.options.digest.ofJson([tenantId, agentId, provider, kind, id]);
  }
}
