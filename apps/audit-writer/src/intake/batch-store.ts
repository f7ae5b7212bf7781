import type { DataSource, EntityManager } from 'typeorm';
import type { AuditEventsPayload, AuditRecord, DecisionEntry, OutcomeEntry } from '@behavry/contracts';
import {
  AuditChainRepository,
  PendingDecisionRepository,
  SessionRepository,
  SpoolRepository,
  type AuditPartitions,
  type RejectedEntry,
} from '@behavry/db-data';
import type { Clock } from '@behavry/platform';
import { mergeEntries } from '../domain/merge-entries';
import { readSpoolEntry } from '../domain/spool-entry';

/** What became of one batch; it is committed when this is returned. */
export interface StoredBatch {
  /** Rows appended per tenant, and the end of the chain after them. */
  readonly chains: readonly { readonly tenantId: string; readonly rows: number; readonly seq: number }[];
  readonly rejected: readonly RejectedEntry[];
  /** Outcomes whose decision is not known: their row exists already, or there never was one. */
  readonly orphans: readonly string[];
  /** Whether every position of the batch had been stored before. */
  readonly isRepeated: boolean;
  /** Positions of a spool never seen here that came before the batch: stored in a database that this is not. */
  readonly unseen: number;
}

/** A batch that begins beyond what is stored; what lies between must come first. */
export class SpoolGapError extends Error {
  constructor(spoolId: string, stored: number, first: number) {
    super(
      `spool ${spoolId} is stored up to ${String(stored)}; a batch that begins at ${String(first)} must wait`,
    );
  }
}

/** Nothing says yet for which tenant this plane works, and an outcome alone does not tell. */
export class TenantUnknownError extends Error {
  constructor() {
    super('the tenant of this plane is not known yet: no BEHAVRY_TENANT_ID and no config document');
  }
}

interface Sorted {
  readonly decisions: Map<string, DecisionEntry>;
  readonly outcomes: OutcomeEntry[];
  readonly rejected: RejectedEntry[];
}

const NOTHING: StoredBatch = { chains: [], rejected: [], orphans: [], isRepeated: true, unseen: 0 };

/** Turns batches of spool entries into chained rows, exactly once, whoever else tries the same. */
export class BatchStore {
  /** @param tenant names the plane's tenant, as far as it is known */
  constructor(
    private readonly source: DataSource,
    private readonly partitions: AuditPartitions,
    private readonly clock: Clock,
    private readonly tenant: () => string | undefined,
  ) {}

  /**
   * Stores one batch in one transaction: positions, rows, chain and sessions, or nothing.
   * @throws SpoolGapError, TenantUnknownError, and what the database throws; the batch may be tried again
   */
  async store(batch: AuditEventsPayload): Promise<StoredBatch> {
    const days = batch.entries.map(readSpoolEntry).flatMap((read) => (read.ok ? [read.entry.ts] : []));
    await this.partitions.ensure(days);
    return this.source.transaction(async (manager) => {
      const spool = new SpoolRepository(manager);
      const now = new Date(this.clock.now());
      // A proxy forgets only what was acknowledged: a new spool that begins late was stored elsewhere before.
      const known = await spool.lockPosition(batch.spool_id, now);
      const stored = known ?? batch.first - 1;
      const last = batch.first + batch.entries.length - 1;
      if (batch.first > stored + 1) throw new SpoolGapError(batch.spool_id, stored, batch.first);
      if (last <= stored) return NOTHING;
      const sorted = sort(batch.entries.slice(stored + 1 - batch.first), stored + 1);
      const { chains, orphans } = await this.#chain(manager, sorted, now);
      await spool.reject(batch.spool_id, sorted.rejected, now);
      await spool.moveTo(batch.spool_id, last, now);
      return {
        chains,
        orphans,
        rejected: sorted.rejected,
        isRepeated: false,
        unseen: known === undefined ? stored : 0,
      };
    });
  }

  /**
   * Sets one entry aside that the database refuses, so that those behind it can be stored.
   * @param reason for people; must not hold the entry's content
   */
  async setAside(spoolId: string, position: number, entry: unknown, reason: string): Promise<StoredBatch> {
    return this.source.transaction(async (manager) => {
      const spool = new SpoolRepository(manager);
      const now = new Date(this.clock.now());
      const stored = (await spool.lockPosition(spoolId, now)) ?? position - 1;
      if (position > stored + 1) throw new SpoolGapError(spoolId, stored, position);
      if (position <= stored) return NOTHING;
      const rejected = [{ position, reason, entry: JSON.stringify(entry) }];
      await spool.reject(spoolId, rejected, now);
      await spool.moveTo(spoolId, position, now);
      return { chains: [], orphans: [], rejected, isRepeated: false, unseen: 0 };
    });
  }

  async #chain(
    manager: EntityManager,
    { decisions, outcomes }: Sorted,
    now: Date,
  ): Promise<Pick<StoredBatch, 'chains' | 'orphans'>> {
    const waiting = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
    const chains: StoredBatch['chains'][number][] = [];
    for (const tenantId of this.#tenantsOf(decisions, waiting)) {
      await manager.query(`SELECT set_config('behavry.tenant_id', $1, true)`, [tenantId]);
      const chain = new AuditChainRepository(manager, tenantId);
      const pending = new PendingDecisionRepository(manager, tenantId);
      const head = await chain.lockHead();
      const own = [...decisions.values()].filter(({ tenant_id: tenant }) => tenant === tenantId);
      const earlier = await pending.take([...waiting.keys()]);
      const known = new Map([...own.map((entry) => [entry.id, entry] as const), ...earlier]);
      const records: AuditRecord[] = [];
      for (const [id, outcome] of waiting) {
        const decision = known.get(id);
        if (!decision) continue;
        records.push(mergeEntries(decision, outcome));
        waiting.delete(id);
        known.delete(id);
      }
      const { head: end, appended } = await chain.append(head, records);
      await pending.keep(
        own.filter(({ id }) => known.has(id)),
        now,
      );
      await new SessionRepository(manager, tenantId).count(appended);
      chains.push({ tenantId, rows: appended.length, seq: end.seq });
    }
    return { chains, orphans: [...waiting.keys()] };
  }

  /** Sorted, so that two writers lock heads in the same order. */
  #tenantsOf(decisions: Sorted['decisions'], outcomes: ReadonlyMap<string, OutcomeEntry>): readonly string[] {
    const tenants = new Set([...decisions.values()].map(({ tenant_id: tenant }) => tenant));
    if ([...outcomes.keys()].some((id) => !decisions.has(id))) {
      const own = this.tenant();
      if (own === undefined) throw new TenantUnknownError();
      tenants.add(own);
    }
    return [...tenants].sort();
  }
}

function sort(entries: readonly unknown[], firstPosition: number): Sorted {
  const sorted: Sorted = { decisions: new Map(), outcomes: [], rejected: [] };
  for (const [index, value] of entries.entries()) {
    const read = readSpoolEntry(value);
    if (!read.ok) {
      sorted.rejected.push({
        position: firstPosition + index,
        reason: read.reason,
        entry: JSON.stringify(value),
      });
    } else if (read.entry.type === 'decision') {
      if (!sorted.decisions.has(read.entry.id)) sorted.decisions.set(read.entry.id, read.entry);
    } else {
      sorted.outcomes.push(read.entry);
    }
  }
  return sorted;
}
