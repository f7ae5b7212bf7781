import { DECISION_KEPT_MS, type KeptEntry } from '@behavry/contracts';
import type { KeyedDigest } from '@behavry/pipeline';
import type { PlaneKeys, PlaneMemory, PlaneState } from '@behavry/platform';
import type { UpstreamAnswer } from '../upstream/ask-provider';

/** A larger answer is not kept. */
export const MAX_KEPT_BYTES = 256 * 1024;
/** So many answers of an agent wait at once, the newest, and of all agents. */
const MAX_PER_AGENT = 16;
const MAX_ENTRIES = 512;

/** An answer as its provider gave it, with its body as base64. */
export type RawAnswer =
  | (Omit<Extract<UpstreamAnswer, { kind: 'json' }>, 'bytes'> & { readonly body: string })
  | (Omit<Extract<UpstreamAnswer, { kind: 'stream' }>, 'body'> & { readonly body: string });

/** An answer some of whose calls wait for a person. */
export interface KeptAnswer {
  /** The decision of the exchange that paid for it. */
  readonly from: string;
  /** The address that gave it, as records name it. */
  readonly upstream: string;
  /** The escalations that it waits for. */
  readonly escalations: readonly string[];
  /** The text of it that the agent has. */
  readonly said: string;
  readonly answer: RawAnswer;
}

/** Whose. */
export interface KeptOwner {
  readonly tenantId: string;
  readonly agentId: string;
}

export interface KeptAnswersOptions {
  readonly state: Pick<PlaneState, 'watch' | 'update'>;
  readonly memory: Pick<PlaneMemory, 'put' | 'get' | 'take'>;
  readonly keys: Pick<PlaneKeys, 'seal' | 'open'>;
  /** Makes names that no stranger can guess. */
  readonly digest: Pick<KeyedDigest, 'ofJson'>;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly onFault: (error: unknown) => void;
}

type Entries = Readonly<Record<string, KeptEntry>>;

/**
 * Answers of models that wait for a person, each for one request of one agent. Shared by the replicas: the answers lie
 * sealed in the plane's memory, and the plane's state names whose they are, so that nobody else's request looks for one.
 * Nothing here throws: what cannot be kept or found is asked for anew.
 */
export class KeptAnswers {
  #entries: Entries = {};
  /** When the last answer of an agent ends, in ms since the Unix epoch. */
  #agents: ReadonlyMap<string, number> = new Map();

  constructor(private readonly options: KeptAnswersOptions) {
    options.state.watch('llm.kept', ({ value }) => {
      this.#entries = value.answers;
      this.#agents = lastEnds(value.answers);
    });
  }

  /** Whether an agent has any: a look into this process's memory. */
  hasAny(agentId: string): boolean {
    return (this.#agents.get(agentId) ?? 0) > this.options.now();
  }

  /** Whether there is one of that name: as {@link hasAny}. */
  has(name: string): boolean {
    return Object.hasOwn(this.#entries, name);
  }

  /**
   * @param path as the provider was asked, which says how a stream is written
   * @param request digest of the request that it answers
   * @returns the name of an answer
   */
  nameOf({ tenantId, agentId }: KeptOwner, path: string, request: string): string {
    return this.options.digest.ofJson([tenantId, agentId, path, request]);
  }

  /** @param until when the last person must have decided, in ms since the Unix epoch */
  async keep(agentId: string, name: string, answer: KeptAnswer, until: number): Promise<void> {
    const { memory, keys, now } = this.options;
    const endsAt = until + DECISION_KEPT_MS;
    try {
      const gone = await this.#enter(name, { agent_id: agentId, until: new Date(endsAt).toISOString() });
      if (!gone) return;
      await Promise.all(gone.map((each) => memory.take(each)));
      const value = keys.seal(labelOf(name), JSON.stringify(answer));
      await memory.put([{ key: name, value }], Math.ceil(Math.max(0, endsAt - now()) / 1000));
    } catch (error) {
      this.options.onFault(error);
    }
  }

  /** @returns the answer of that name, which stays where it is */
  async look(name: string): Promise<KeptAnswer | undefined> {
    try {
      const [sealed] = await this.options.memory.get([name]);
      return this.#opened(name, sealed);
    } catch (error) {
      this.options.onFault(error);
      return undefined;
    }
  }

  /** Takes an answer out: of all who try, one gets it. */
  async take(name: string): Promise<KeptAnswer | undefined> {
    try {
      const taken = this.#opened(name, await this.options.memory.take(name));
      // Whoever looks for it meanwhile finds nothing.
      this.#remove(name).catch(this.options.onFault);
      return taken;
    } catch (error) {
      this.options.onFault(error);
      return undefined;
    }
  }

  /** @returns the names that had to give way; undefined where there is no room */
  async #enter(name: string, entry: KeptEntry): Promise<readonly string[] | undefined> {
    const { state, now } = this.options;
    let gone: readonly string[] | undefined;
    await state.update('llm.kept', (present) => {
      const others = alive(present?.answers ?? {}, now()).filter(([each]) => each !== name);
      const own = others.filter(([, { agent_id: id }]) => id === entry.agent_id).map(([each]) => each);
      // Oldest first: an agent that never comes back for its answers does not stand in its own way.
      const over = own.slice(0, Math.max(0, own.length + 1 - MAX_PER_AGENT));
      const left = others.filter(([each]) => !over.includes(each));
      gone = left.length < MAX_ENTRIES ? over : undefined;
      return gone && { answers: Object.fromEntries([...left, [name, entry]]) };
    });
    return gone;
  }

  async #remove(name: string): Promise<void> {
    const { state, now } = this.options;
    await state.update('llm.kept', (present) => {
      const answers = present?.answers ?? {};
      if (!Object.hasOwn(answers, name)) return undefined;
      return { answers: Object.fromEntries(alive(answers, now()).filter(([each]) => each !== name)) };
    });
  }

  #opened(name: string, sealed: string | undefined): KeptAnswer | undefined {
    if (sealed === undefined) return undefined;
    try {
      return JSON.parse(this.options.keys.open(labelOf(name), sealed).toString('utf8')) as KeptAnswer;
    } catch (error) {
      // A stranger's, or another's that was moved here.
      this.options.onFault(error);
      return undefined;
    }
  }
}

/** An answer opens under its own name alone. */
function labelOf(name: string): string {
  return `llm-kept/${name}`;
}

function lastEnds(entries: Entries): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const { agent_id: id, until } of Object.values(entries))
    ends.set(id, Math.max(ends.get(id) ?? 0, Date.parse(until)));
  return ends;
}

/** @returns those that have not ended, oldest first */
function alive(entries: Entries, now: number): readonly [string, KeptEntry][] {
  return Object.entries(entries).filter(([, { until }]) => Date.parse(until) > now);
}
