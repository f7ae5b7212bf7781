/** What waits, a line for each agent; the agents take turns, however long their lines are. */
export class FairQueue<T> {
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

  /**
   * @param isPassedOver agents whose turn it is not, whatever waits of them
   * @returns the first of the agent whose turn it is, which goes to the end of the agents; undefined for nothing
   */
  take(isPassedOver: (agentId: string) => boolean = () => false): T | undefined {
    for (const [agentId, line] of this.#lines) {
      if (isPassedOver(agentId)) continue;
      const item = line.shift();
      this.#lines.delete(agentId);
      if (line.length > 0) this.#lines.set(agentId, line);
      return item;
    }
    return undefined;
  }
}
