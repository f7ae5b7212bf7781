/** Lets works of one tenant happen one after another; those of different tenants go side by side. */
export class TenantQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs work after all earlier work of the tenant has ended, well or not. */
  async take<T>(tenantId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(tenantId) ?? Promise.resolve();
    const mine = before.then(work);
    const done = mine.catch(() => undefined);
    this.#last.set(tenantId, done);
    try {
      return await mine;
    } finally {
      if (this.#last.get(tenantId) === done) this.#last.delete(tenantId);
    }
  }
}
