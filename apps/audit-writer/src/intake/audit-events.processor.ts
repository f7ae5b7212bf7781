import { setTimeout as delay } from 'node:timers/promises';
import { Counter, Gauge, Histogram } from 'prom-client';
import { QueryFailedError } from 'typeorm';
import { spoolEntriesOf, type AuditEventsPayload } from '@behavry/contracts';
import { storableJson } from '@behavry/domain';
import type { ServiceContext } from '@behavry/platform';
import { SpoolGapError, type Batch, type BatchStore, type StoredBatch } from './batch-store';
import { recordSpans } from './record-spans';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
/** How JSON writes a NUL or a lone surrogate, which no database stores; names of tools may hold them. */
const UNSTORABLE = /\\u(?:0000|d[89a-f])/;

/** What happens after a batch is committed: acknowledge, wake those who read. */
export type CommitListener = (stored: StoredBatch) => void;

/**
 * Takes batches off the queue. While the database is away a batch waits here and keeps its job, because a
 * failed job would use up its attempts in less time than a restart of PostgreSQL takes.
 */
export class AuditEventsProcessor {
  readonly #rows: Counter;
  readonly #rejected: Counter;
  readonly #orphans: Counter;
  readonly #gaps: Counter;
  readonly #duration: Histogram;
  readonly #lag: Histogram;
  readonly #committedAt: Gauge;

  constructor(
    private readonly context: ServiceContext,
    private readonly store: BatchStore,
    private readonly committed: CommitListener,
    private readonly stopping: AbortSignal,
  ) {
    const registers = [context.metrics];
    this.#rows = new Counter({
      name: 'behavry_audit_writer_rows_total',
      help: 'Audit rows chained.',
      registers,
    });
    this.#rejected = new Counter({
      name: 'behavry_audit_writer_rejected_entries_total',
      help: 'Spool entries that could not become a row of their own; a row of the chain says so.',
      registers,
    });
    this.#orphans = new Counter({
      name: 'behavry_audit_writer_orphan_outcomes_total',
      help: 'Outcomes whose decision was not known.',
      registers,
    });
    this.#gaps = new Counter({
      name: 'behavry_audit_writer_gap_batches_total',
      help: 'Batches refused because earlier positions of their spool are missing.',
      registers,
    });
    this.#duration = new Histogram({
      name: 'behavry_audit_writer_batch_duration_seconds',
      help: 'Time from taking a batch to its commit.',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
      registers,
    });
    this.#lag = new Histogram({
      name: 'behavry_audit_writer_lag_seconds',
      help: "Age of a batch's first row at its commit, by the time of its decision.",
      buckets: [0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1_800, 7_200],
      registers,
    });
    this.#committedAt = new Gauge({
      name: 'behavry_audit_writer_committed_timestamp_seconds',
      help: 'When rows were committed last; 0 when none were since the start.',
      registers,
    });
  }

  /**
   * Stores one batch.
   * @throws SpoolGapError, and the last error of the database when the process is stopping
   */
  async process(payload: AuditEventsPayload): Promise<void> {
    const end = this.#duration.startTimer();
    const batch = read(payload);
    const { tracing } = this.context;
    const spans = tracing ? recordSpans(tracing, batch) : [];
    const endSpans = (fault?: string): void => {
      for (const span of spans) span.end(fault);
    };
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_RETRY_MS)) {
      try {
        await this.#storeOrSplit(batch);
        end();
        endSpans();
        return;
      } catch (error) {
        if (error instanceof SpoolGapError) {
          this.#gaps.inc();
          this.context.log.error({ err: error }, 'audit: a batch was refused: earlier records are missing');
          endSpans('spool_gap');
          throw error;
        }
        if (this.stopping.aborted) throw error;
        this.context.log.warn(
          { err: error, retry_ms: waitMs },
          'audit: a batch could not be stored; it waits',
        );
        await delay(waitMs, undefined, { signal: this.stopping }).catch(() => undefined);
      }
    }
  }

  /** Halves a batch that the database refuses for its content, until the one bad entry is alone. */
  async #storeOrSplit(batch: Batch): Promise<void> {
    try {
      this.#tell(await this.store.store(batch));
    } catch (error) {
      const state = contentFault(error);
      if (state === undefined) throw error;
      const { first, entries } = batch;
      if (entries.length === 1) {
        this.#tell(await this.store.store(batch, `refused by the database (${state})`));
        return;
      }
      const half = Math.floor(entries.length / 2);
      await this.#storeOrSplit({ ...batch, entries: entries.slice(0, half) });
      await this.#storeOrSplit({ ...batch, first: first + half, entries: entries.slice(half) });
    }
  }

  #tell(stored: StoredBatch): void {
    this.#rows.inc(stored.rows.length);
    const [first] = stored.rows;
    if (first) {
      const now = this.context.clock.now();
      this.#lag.observe(Math.max(0, now - Date.parse(first.record.ts)) / 1000);
      this.#committedAt.set(now / 1000);
    }
    if (stored.lost.length > 0) {
      this.#rejected.inc(stored.lost.length);
      this.context.log.error({ positions: stored.lost }, 'audit: entries were unreadable in their spool');
    }
    if (stored.rejected.length > 0) {
      this.#rejected.inc(stored.rejected.length);
      const faults = stored.rejected.map(({ position, reason }) => ({ position, reason }));
      this.context.log.error({ faults }, 'audit: entries were set aside in audit_rejected');
    }
    if (stored.unseen > 0) {
      this.context.log.error(
        { positions: stored.unseen },
        'audit: a spool begins late; what came before is in another database',
      );
    }
    if (stored.orphans.length > 0) {
      this.#orphans.inc(stored.orphans.length);
      this.context.log.warn({ ids: stored.orphans }, 'audit: outcomes without a waiting decision');
    }
    this.committed(stored);
  }
}

function read(payload: AuditEventsPayload): Batch {
  const entries = spoolEntriesOf(payload);
  return {
    spoolId: payload.spool_id,
    first: payload.first,
    entries: UNSTORABLE.test(payload.entries) ? storableJson(entries) : entries,
  };
}

/** @returns the SQLSTATE of an error that lies in the content (classes 22, 23, 54), else undefined */
function contentFault(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { code } = error.driverError as { code?: unknown };
  return typeof code === 'string' && /^(22|23|54)/.test(code) ? code : undefined;
}
