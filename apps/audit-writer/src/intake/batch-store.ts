import { QueryFailedError, type DataSource } from 'typeorm';
import type { DecisionEntry, LostEntry, OutcomeEntry } from '@behavry/contracts';
import {
  AuditChainRepository,
  PendingDecisionRepository,
  SessionRepository,
  SpoolRepository,
  type AppendedRow,
  type AuditPartitions,
  type NewAuditRow,
  type RejectedEntry,
} from '@behavry/db-data';
import { sha256HexOf, type ChainHead } from '@behavry/domain';
import { uuidv7, type Clock } from '@behavry/platform';
import { mergedRow, setAsideRow, wholeRow } from '../domain/audit-rows';
import { readSpoolEntry, type ReadEntry } from '../domain/spool-entry';

/** A contiguous run of one spool, parsed: positions `first` … */
export interface Batch {
  readonly spoolId: string;
  readonly first: number;
  readonly entries: readonly unknown[];
}

/** What became of one batch; it is committed when this is returned. */
export interface StoredBatch {
  readonly tenantId: string;
  readonly spoolId: string;
  /** Up to where its spool is stored now. */
  readonly position: number;
  /** Rows that were appended, in the order of the chain. */
  readonly rows: readonly AppendedRow[];
  /** Entries that lie in `audit_rejected`, each with a row in the chain that says so. */
  readonly rejected: readonly RejectedEntry[];
  /** Positions whose entries the proxy itself could not read any more. */
  readonly lost: readonly number[];
  /** Outcomes whose decision is not known: their row exists already, or there never was one. */
  readonly orphans: readonly string[];
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

/** Nothing says yet for which tenant this plane works. */
export class TenantUnknownError extends Error {
  constructor() {
    super('the tenant of this plane is not known yet: no BEHAVRY_TENANT_ID and no config document');
  }
}

interface Sorted {
  readonly rows: NewAuditRow[];
  readonly decisions: Map<string, DecisionEntry>;
  readonly outcomes: Map<string, OutcomeEntry>;
  readonly rejected: RejectedEntry[];
  readonly lost: { readonly position: number; readonly entry: LostEntry }[];
}

const NOTHING = { rows: [], rejected: [], lost: [], orphans: [], unseen: 0 } as const;

/** Turns batches of spool entries into chained rows, exactly once, whoever else tries the same. */
export class BatchStore {
  /** @param tenant names the plane's one tenant, as far as it is known */
  constructor(
    private readonly source: DataSource,
    private readonly partitions: AuditPartitions,
    private readonly clock: Clock,
    private readonly tenant: () => string | undefined,
  ) {}

  /**
   * Stores one batch in one transaction: positions, rows, chain and sessions, or nothing.
   * @param refusal why the database refused the batch's one entry, which is set aside then; never holds its content
   * @throws SpoolGapError, TenantUnknownError, and what the database throws; the batch may be tried again
   */
  async store(batch: Batch, refusal?: string): Promise<StoredBatch> {
    const tenantId = this.tenant();
    if (tenantId === undefined) throw new TenantUnknownError();
    const now = new Date(this.clock.now());
    const reads = batch.entries.map((entry): ReadEntry =>
      refusal === undefined ? readSpoolEntry(entry) : { ok: false, reason: refusal },
    );
    await this.partitions.ensure(daysOf(reads, now));
    try {
      return await this.#store(batch, reads, tenantId, now, false);
    } catch (error) {
      // Positions make delivery exactly once; an id that comes under a second position is rare enough to ask then.
      if (!isRepeatedId(error)) throw error;
      return this.#store(batch, reads, tenantId, now, true);
    }
  }

  #store(
    { spoolId, first, entries }: Batch,
    reads: readonly ReadEntry[],
    tenantId: string,
    now: Date,
    hasRepeatedIds: boolean,
  ): Promise<StoredBatch> {
    return this.source.transaction(async (manager) => {
      await manager.query(`SELECT set_config('behavry.tenant_id', $1, true)`, [tenantId]);
      const spool = new SpoolRepository(manager);
      // A proxy forgets only what was acknowledged: a new spool that begins late was stored elsewhere before.
      const known = await spool.lockPosition(spoolId, now);
      const stored = known ?? first - 1;
      const last = first + entries.length - 1;
      if (first > stored + 1) throw new SpoolGapError(spoolId, stored, first);
      if (last <= stored) return { ...NOTHING, tenantId, spoolId, position: stored };
      const chain = new AuditChainRepository(manager, tenantId);
      const head = await chain.lockHead();
      const sorted = sort({ spoolId, first, entries }, reads, stored, tenantId);
      const orphans = await merge(new PendingDecisionRepository(manager, tenantId), sorted, now);
      addSetAside(sorted, spoolId, tenantId, now);
      const rows = await append(chain, head, sorted.rows, hasRepeatedIds);
      await new SessionRepository(manager, tenantId).count(rows.map(({ record }) => record));
      await spool.reject(spoolId, sorted.rejected, now);
      await spool.moveTo(spoolId, last, now);
      return {
        tenantId,
        spoolId,
        position: last,
        rows,
        rejected: sorted.rejected,
        lost: sorted.lost.map(({ position }) => position),
        orphans,
        unseen: known === undefined ? stored : 0,
      };
    });
  }
}

/** Sorts what is not stored yet. */
function sort(
  { first, entries }: Batch,
  reads: readonly ReadEntry[],
  stored: number,
  tenantId: string,
): Sorted {
  const sorted: Sorted = { rows: [], decisions: new Map(), outcomes: new Map(), rejected: [], lost: [] };
  for (const [index, read] of reads.entries()) {
    const position = first + index;
    if (position <= stored) continue;
    const reject = (reason: string): void => {
      sorted.rejected.push({ position, reason, entry: JSON.stringify(entries[index]) });
    };
    if (!read.ok) reject(read.reason);
    else if (read.entry.type === 'outcome') sorted.outcomes.set(read.entry.id, read.entry);
    else if (read.entry.type === 'lost') sorted.lost.push({ position, entry: read.entry });
    else if (read.entry.tenant_id.toLowerCase() !== tenantId) reject('of another tenant');
    else if (read.entry.type === 'whole') sorted.rows.push(wholeRow(read.entry));
    else if (!sorted.decisions.has(read.entry.id)) sorted.decisions.set(read.entry.id, read.entry);
  }
  return sorted;
}

/** Joins outcomes with their decisions; a decision without one waits. @returns ids of outcomes that stay alone */
async function merge(
  pending: PendingDecisionRepository,
  { rows, decisions, outcomes }: Sorted,
  now: Date,
): Promise<readonly string[]> {
  const alone = [...outcomes.keys()].filter((id) => !decisions.has(id));
  const earlier = await pending.take(alone);
  for (const [id, outcome] of outcomes) {
    const decision = decisions.get(id) ?? earlier.get(id);
    if (decision) rows.push(mergedRow(decision, outcome));
    decisions.delete(id);
  }
  await pending.keep([...decisions.values()], now);
  return alone.filter((id) => !earlier.has(id));
}

/** What was set aside leaves a row, so that the chain itself says that something is missing. */
function addSetAside({ rows, rejected, lost }: Sorted, spoolId: string, tenantId: string, now: Date): void {
  const ts = now.toISOString();
  for (const { position, reason, entry } of rejected) {
    const digest = `sha256:${sha256HexOf(entry)}`;
    const extra = { spool_id: spoolId, position, fault: reason, bytes: Buffer.byteLength(entry), digest };
    rows.push(setAsideRow({ id: uuidv7(now.getTime()), tenant_id: tenantId, ts, extra }));
  }
  for (const { position, entry } of lost) {
    const extra = { spool_id: spoolId, position, fault: 'unreadable in the spool' };
    rows.push(setAsideRow({ id: entry.id, tenant_id: tenantId, ts, extra }));
  }
}

async function append(
  chain: AuditChainRepository,
  head: ChainHead,
  rows: readonly NewAuditRow[],
  hasRepeatedIds: boolean,
): Promise<readonly AppendedRow[]> {
  if (!hasRepeatedIds) return (await chain.append(head, rows)).appended;
  const seen = new Set(await chain.knownIds(rows.map(({ record }) => record)));
  const fresh = rows.filter(({ record: { id } }) => !seen.has(id) && seen.add(id));
  return (await chain.append(head, fresh)).appended;
}

/** Days of the rows to come: those of the entries, and today for what is set aside. */
function daysOf(reads: readonly ReadEntry[], now: Date): ReadonlySet<string> {
  const days = new Set([now.toISOString().slice(0, 10)]);
  for (const read of reads) if (read.ok) days.add(read.entry.ts.slice(0, 10));
  return days;
}

function isRepeatedId(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { code, constraint } = error.driverError as { code?: string; constraint?: string };
  return code === '23505' && (constraint?.includes('_id_') ?? false);
}
