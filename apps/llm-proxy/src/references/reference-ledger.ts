import type { KeyedDigest } from '@behavry/pipeline';
import type { PlaneMemory } from '@behavry/platform';
import type { ProviderId, Reference } from '../dialects/dialect';

/** OpenAI keeps responses for so long, unless told otherwise; others keep less. */
const KEPT_SECONDS = 30 * 86_400;

export interface ReferenceLedgerOptions {
  readonly memory: Pick<PlaneMemory, 'put' | 'get'>;
  /** Makes names that no stranger to the plane can guess. */
  readonly digest: Pick<KeyedDigest, 'ofJson'>;
  readonly onFault: (error: unknown) => void;
}

/** Whose. */
export interface ReferenceOwner {
  readonly tenantId: string;
  readonly agentId: string;
  readonly provider: ProviderId;
}

/**
 * What a provider keeps under the plane's key, and for which agent: the key opens all of it for everybody, so the plane
 * remembers who was given what. Shared by the replicas; nothing of a name is kept but a keyed digest.
 */
export class ReferenceLedger {
  constructor(private readonly options: ReferenceLedgerOptions) {}

  /** Remembers that an agent was given these. Never throws: what is not remembered is not its own later. */
  async remember(owner: ReferenceOwner, references: readonly Reference[]): Promise<void> {
    if (references.length === 0) return;
    try {
      const memories = references.map((reference) => ({ key: this.#keyOf(owner, reference), value: '1' }));
      await this.options.memory.put(memories, KEPT_SECONDS);
    } catch (error) {
      this.options.onFault(error);
    }
  }

  /** @returns those of the references that the agent was not given here, or of which nobody can tell at present */
  async strange(owner: ReferenceOwner, references: readonly Reference[]): Promise<readonly Reference[]> {
    if (references.length === 0) return [];
    try {
      const found = await this.options.memory.get(
        references.map((reference) => this.#keyOf(owner, reference)),
      );
      return references.filter((_reference, index) => found[index] === undefined);
    } catch (error) {
      this.options.onFault(error);
      return references;
    }
  }

  #keyOf({ tenantId, agentId, provider }: ReferenceOwner, { kind, id }: Reference): string {
    return this.options.digest.ofJson([tenantId, agentId, provider, kind, id]);
  }
}
