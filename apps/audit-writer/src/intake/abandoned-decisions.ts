import {
  AuditChainRepository,
  PendingDecisionRepository,
  SessionRepository,
  type AppendedRow,
} from '@behavry/db-data';
import { withTenant, type Clock } from '@behavry/platform';
import type { DataSource } from 'typeorm';
import { abandonedRow } from '../domain/audit-rows';

const AT_ONCE = 200;

/** Makes rows of decisions whose outcome never came: their proxy died and its spool with it. */
export class AbandonedDecisions {
  /** @param pendingMs how long an outcome may take */
  constructor(
    private readonly source: DataSource,
    private readonly clock: Clock,
    private readonly pendingMs: number,
  ) {}

  /** @returns the rows that were made */
  async sweep(tenantId: string): Promise<readonly AppendedRow[]> {
    return withTenant(this.source, tenantId, async (manager) => {
      const chain = new AuditChainRepository(manager, tenantId);
      const head = await chain.lockHead();
      const before = new Date(this.clock.now() - this.pendingMs);
      const decisions = await new PendingDecisionRepository(manager, tenantId).takeOlderThan(before, AT_ONCE);
      const { appended } = await chain.append(head, [...decisions.values()].map(abandonedRow));
      await new SessionRepository(manager, tenantId).count(appended.map(({ record }) => record));
      return appended;
    });
  }
}
