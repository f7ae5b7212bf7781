import { AuditChainRepository, PendingDecisionRepository, SessionRepository } from '@behavry/db-data';
import { withTenant, type Clock } from '@behavry/platform';
import type { DataSource } from 'typeorm';
import { abandonedRecord } from '../domain/merge-entries';

const AT_ONCE = 200;

/** Makes rows of decisions whose outcome never came: their proxy died and its spool with it. */
export class AbandonedDecisions {
  /** @param pendingMs how long an outcome may take */
  constructor(
    private readonly source: DataSource,
    private readonly clock: Clock,
    private readonly pendingMs: number,
  ) {}

  /** @returns how many rows were made, and the end of the chain after them */
  async sweep(tenantId: string): Promise<{ readonly rows: number; readonly seq: number }> {
    return withTenant(this.source, tenantId, async (manager) => {
      const chain = new AuditChainRepository(manager, tenantId);
      const head = await chain.lockHead();
      const before = new Date(this.clock.now() - this.pendingMs);
      const decisions = await new PendingDecisionRepository(manager, tenantId).takeOlderThan(before, AT_ONCE);
      const records = [...decisions.values()].map(abandonedRecord);
      const { head: end, appended } = await chain.append(head, records);
      await new SessionRepository(manager, tenantId).count(appended);
      return { rows: appended.length, seq: end.seq };
    });
  }
}
