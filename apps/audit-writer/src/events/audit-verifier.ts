import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { SequencedRecord } from '@behavry/contracts';
import { AuditQueryRepository, columnsAgree, type VerifiableRow } from '@behavry/db-data';
import {
  GENESIS_HASH,
  personalFits,
  verifyChain,
  type ChainedRow,
  type ChainFault,
  type ChainHead,
} from '@behavry/domain';
import { withTenant } from '@behavry/platform';
import { DataSource } from 'typeorm';
import { HeavyReads } from './heavy-reads';

/** `truncated`: rows and the head of the chain do not agree on where it ends. */
export interface FirstBad {
  readonly seq: number;
  readonly kind: ChainFault | 'truncated';
}

export interface Verification {
  readonly ok: boolean;
  readonly checked: number;
  readonly first_bad?: FirstBad;
}

/** A verification with where it ended. */
interface HeadedVerification extends Verification {
  readonly head: ChainHead;
}

const PAGE = 500;

/** Recomputes a tenant's chain from what is stored. */
@Injectable()
export class AuditVerifier {
  readonly #turns = new HeavyReads(2);

  constructor(private readonly source: DataSource) {}

  /**
   * Checks rows `from` … `to` (the whole chain when left out): numbers, hashes, that the columns say what the
   * hashed text says, that personal values are those that were hashed (or erased), and, when the range reaches the
   * end, that it ends where the head says.
   * @throws ProblemError 429 when too many run
   */
  async verify(
    tenantId: string,
    range: { readonly from?: number; readonly to?: number },
  ): Promise<Verification> {
    const leave = this.#turns.enter();
    try {
      const { ok, checked, first_bad: firstBad } = await this.#verify(tenantId, range.from ?? 1, range.to);
      return { ok, checked, ...(firstBad ? { first_bad: firstBad } : {}) };
    } finally {
      leave();
    }
  }

  /**
   * Checks the chain without haste, with as much time between pages as they took: nobody waits for it.
   * @param anchor where it was found whole before, which must still be so
   * @param isWhole whether all of it is read, or only what comes after the anchor
   * @param signal ends it early, with its reason as error
   */
  async verifySlowly(
    tenantId: string,
    anchor: ChainHead,
    isWhole: boolean,
    signal: AbortSignal,
  ): Promise<HeadedVerification> {
    if (anchor.seq > 0) {
      const row = await this.#read(tenantId, (repository) => repository.bySeq(anchor.seq));
      const { head } = await this.#read(tenantId, (repository) => repository.ends());
      if (head.seq < anchor.seq) return { ...bad(0, head.seq + 1, 'truncated'), head: anchor };
      if (row?.hash !== anchor.hash)
        return { ...bad(0, anchor.seq, row ? 'modified' : 'missing'), head: anchor };
    }
    return this.#verify(tenantId, isWhole ? 1 : anchor.seq + 1, undefined, async (tookMs) => {
      await delay(tookMs, undefined, { signal });
    });
  }

  async #verify(
    tenantId: string,
    from: number,
    to: number | undefined,
    rest: (tookMs: number) => Promise<void> = () => Promise.resolve(),
  ): Promise<HeadedVerification> {
    const { head, lastSeq } = await this.#read(tenantId, (repository) => repository.ends());
    const broken = (checked: number, seq: number, kind: FirstBad['kind']): HeadedVerification => ({
      ...bad(checked, seq, kind),
      head,
    });
    if (lastSeq > head.seq) return broken(0, head.seq + 1, 'truncated');
    const end = Math.min(to ?? head.seq, head.seq);
    let after = await this.#read(tenantId, (repository) => startOf(repository, from));
    if (!after)
      return broken(0, from - 1, from - 1 > lastSeq && from - 1 <= head.seq ? 'truncated' : 'missing');
    let checked = 0;
    while (after.seq < end) {
      const begun = performance.now();
      const { seq } = after;
      const page = await this.#read(tenantId, (repository) => repository.verifiable(seq + 1, PAGE));
      const rows = page.filter((row) => row.seq <= end);
      const found = checkPage(rows, after);
      checked += found.checked;
      if (found.bad) return broken(checked, found.bad.seq, found.bad.kind);
      if (rows.length === 0) return broken(checked, seq + 1, lastSeq > seq ? 'missing' : 'truncated');
      after = found.head;
      await rest(performance.now() - begun);
    }
    const isAtHead = after.seq === head.seq && checked > 0;
    if (isAtHead && after.hash !== head.hash) return broken(checked - 1, head.seq, 'modified');
    return { ok: true, checked, head: after };
  }

  #read<T>(tenantId: string, work: (repository: AuditQueryRepository) => Promise<T>): Promise<T> {
    return withTenant(this.source, tenantId, (manager) => work(new AuditQueryRepository(manager, tenantId)));
  }
}

/** @returns where the chain stood before row `from`; undefined when the row before it is not there */
async function startOf(repository: AuditQueryRepository, from: number): Promise<ChainHead | undefined> {
  if (from === 1) return { seq: 0, hash: GENESIS_HASH };
  const head = await repository.head();
  if (from > head.seq) return { seq: from - 1, hash: head.hash };
  const before = await repository.bySeq(from - 1);
  return before && { seq: before.seq, hash: before.hash };
}

function checkPage(
  rows: readonly VerifiableRow[],
  after: ChainHead,
): { readonly checked: number; readonly head: ChainHead; readonly bad?: FirstBad } {
  const contents = rows.map(contentOf);
  const mismatch = rows.findIndex((row, index) => {
    const content = contents[index];
    return (
      content === undefined || !columnsAgree(row.columns, content) || !personalFits(content, row.personal)
    );
  });
  const chained = rows.map((row, index): ChainedRow => ({
    ...(contents[index] ?? { seq: row.seq }),
    previous_hash: row.previousHash,
    hash: row.hash,
  }));
  const report = verifyChain(chained, after);
  if (!report.ok && (mismatch < 0 || report.checked <= mismatch)) {
    return { checked: report.checked, head: after, bad: report.first_bad };
  }
  const altered = rows[mismatch];
  if (altered) return { checked: mismatch, head: after, bad: { seq: altered.seq, kind: 'modified' } };
  return { checked: report.checked, head: report.ok ? report.head : after };
}

function contentOf(row: VerifiableRow): SequencedRecord | undefined {
  try {
    const content: unknown = JSON.parse(row.canonical);
    return typeof content === 'object' && content !== null ? (content as SequencedRecord) : undefined;
  } catch {
    return undefined; // not a text that we stored
  }
}

function bad(checked: number, seq: number, kind: FirstBad['kind']): Verification {
  return { ok: false, checked, first_bad: { seq, kind } };
}
