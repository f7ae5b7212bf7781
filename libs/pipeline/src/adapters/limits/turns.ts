/** What waits, a line for each agent; the agents take turns, however long their lines are. */
export class Turns<T> {
  readonly #lines = new Map<string, T[]>();

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /** @returns what waits of an agent */
  waiting(agentId: string): readonly T[] {
    return this.#lines.get(agentId) ?? [];
  }

  add(agentId: string, item: T): void {
    const line = this.#lines.get(agentId);
    if (line) line.push(item);
    else this.#lines.set(agentId, [item]);
  }

  /** @returns the first of the agent whose turn it is, which goes to the end of the agents; undefined for nothing */
  take(): T | undefined {
    const [next] = this.#lines;
    if (!next) return undefined;
    const [agentId, line] = next;
    const item = line.shift();
    this.#lines.delete(agentId);
    if (line.length > 0) this.#lines.set(agentId, line);
    return item;
  }
}
