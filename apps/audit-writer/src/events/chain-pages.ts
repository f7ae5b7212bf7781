import { AuditQueryRepository, type AuditFilter, type StoredAuditEvent } from '@behavry/db-data';
import { withTenant } from '@behavry/platform';
import type { DataSource } from 'typeorm';

const PAGE = 500;

/**
 * Reads a tenant's rows in chain order, page by page, each page in a short transaction of its own. The
 * next page is read only when the one before has been taken.
 * @param span rows after `afterSeq`, up to and with `untilSeq`
 */
export async function* chainPages(
  source: DataSource,
  tenantId: string,
  filter: AuditFilter,
  span: { readonly afterSeq: number; readonly untilSeq: number },
): AsyncGenerator<readonly StoredAuditEvent[], void, undefined> {
  let beyondSeq = span.afterSeq;
  for (;;) {
    const at = beyondSeq;
    const page = await withTenant(source, tenantId, (manager) =>
      new AuditQueryRepository(manager, tenantId).page(filter, { order: 'asc', beyondSeq: at, limit: PAGE }),
    );
    const rows = page.filter(({ seq }) => seq <= span.untilSeq);
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    beyondSeq = rows.at(-1)?.seq ?? at;
  }
}

/** @returns the last number of a tenant's chain, 0 before the first row */
export async function lastSeqOf(source: DataSource, tenantId: string): Promise<number> {
  const head = await withTenant(source, tenantId, (manager) =>
    new AuditQueryRepository(manager, tenantId).head(),
  );
  return head.seq;
}
