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
      return await this.#verify(tenantId, range.from ?? 1, range.to);
    } finally {
      leave();
    }
  }

  async #verify(tenantId: string, from: number, to: number | undefined): Promise<Verification> {
    const read = <T>(work: (repository: AuditQueryRepository) => Promise<T>): Promise<T> =>
      withTenant(this.source, tenantId, (manager) => work(new AuditQueryRepository(manager, tenantId)));
    const { head, lastSeq } = await read((repository) => repository.ends());
    if (lastSeq > head.seq) return bad(0, head.seq + 1, 'truncated');
    const end = Math.min(to ?? head.seq, head.seq);
    let after = await read((repository) => startOf(repository, from));
    if (!after) return bad(0, from - 1, from - 1 > lastSeq && from - 1 <= head.seq ? 'truncated' : 'missing');
    let checked = 0;
    while (after.seq < end) {
      const { seq } = after;
      const page = await read((repository) => repository.verifiable(seq + 1, PAGE));
      const rows = page.filter((row) => row.seq <= end);
      const found = checkPage(rows, after);
      checked += found.checked;
      if (found.bad) return bad(checked, found.bad.seq, found.bad.kind);
      if (rows.length === 0) return bad(checked, seq + 1, lastSeq > seq ? 'missing' : 'truncated');
      after = found.head;
    }
    const isAtHead = after.seq === head.seq && checked > 0;
    if (isAtHead && after.hash !== head.hash) return bad(checked - 1, head.seq, 'modified');
    return { ok: true, checked };
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
