import type { Exchange } from '@behavry/pipeline';
import { idKey, type RpcId } from '../messages/rpc-message';

/** A request that was sent to a server and is not answered yet. */
export interface OpenCall {
  /** The id under which its client waits. */
  readonly clientId: RpcId;
  readonly method: string;
  /** The exchange whose call it is, over or not: its obligations hold for the answer. */
  readonly exchange: Exchange;
}

/** Calls whose client went away, and whose answer a server may still hold ready for a stream that comes back. */
const MAX_LEFT = 64;
const MAX_ASKED = 64;

/**
 * The requests of one session under ids of our own, in both directions, so that no id that a client or server chooses
 * can move an answer to another call.
 */
export class OpenCalls {
  #last = 0;
  readonly #calls = new Map<number, OpenCall>();
  readonly #left = new Set<number>();
  /** Requests of the server that its client was shown: our id to the server's. */
  readonly #asked = new Map<number, RpcId>();

  get size(): number {
    return this.#calls.size;
  }

  /** @returns the id under which the request goes upstream */
  open(call: OpenCall): number {
    const id = ++this.#last;
    this.#calls.set(id, call);
    return id;
  }

  /** @returns the call that an answer belongs to, which is no longer open then */
  take(id: RpcId): OpenCall | undefined {
    if (typeof id !== 'number') return undefined;
    const call = this.#calls.get(id);
    this.close(id);
    return call;
  }

  close(id: number): void {
    this.#calls.delete(id);
    this.#left.delete(id);
  }

  /** The client stopped waiting; an answer that still comes is judged as that call's. */
  leave(id: number): void {
    if (!this.#calls.has(id)) return;
    this.#left.add(id);
    const [oldest] = this.#left;
    if (this.#left.size > MAX_LEFT && oldest !== undefined) this.close(oldest);
  }

  /** @returns our id of the latest open request that the client knows under this one */
  idOf(clientId: unknown): number | undefined {
    if (typeof clientId !== 'string' && typeof clientId !== 'number') return undefined;
    const key = idKey(clientId);
    return [...this.#calls].findLast(([, call]) => idKey(call.clientId) === key)?.[0];
  }

  /** A request of the server goes to its client. @returns the id it gets; undefined when too many wait already */
  ask(serverId: RpcId): number | undefined {
    if (this.#asked.size >= MAX_ASKED) return undefined;
    const id = ++this.#last;
    this.#asked.set(id, serverId);
    return id;
  }

  /** @returns the id that the server gave to a request its client now answers; undefined for what nobody asked */
  askedAs(id: RpcId): RpcId | undefined {
    return typeof id === 'number' ? this.#asked.get(id) : undefined;
  }

  /** @returns our id of a request that the server asked under this one */
  askedIdOf(serverId: unknown): number | undefined {
    return [...this.#asked].find(([, asked]) => asked === serverId)?.[0];
  }

  answered(id: number): void {
    this.#asked.delete(id);
  }
}
