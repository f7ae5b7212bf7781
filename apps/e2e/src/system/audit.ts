import { chainHash, GENESIS_HASH } from '@behavry/domain';
import type { AuditEvent } from '@behavry/contracts';
import type { PersonClient } from './person';

/** @returns every row of the record, oldest first, as exported */
export async function exportedRows(person: PersonClient): Promise<readonly AuditEvent[]> {
  const { status, body } = await person.send<string>('GET', '/api/v1/audit/export?format=ndjson', undefined, {
    accept: 'application/x-ndjson',
  });
  if (status !== 200) throw new Error(`export answered ${status}`);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent);
}

/** Recomputes the chain from the rows alone. @returns what is wrong, in words; nothing when all is well */
export function chainFaults(rows: readonly AuditEvent[]): readonly string[] {
  const faults: string[] = [];
  let previous = GENESIS_HASH;
  for (const [index, row] of rows.entries()) {
    const { hash, previous_hash, ...record } = row;
    if (row.seq !== index + 1) faults.push(`row ${index + 1} has seq ${row.seq}`);
    if (previous_hash !== previous) faults.push(`seq ${row.seq} does not follow the row before`);
    if (chainHash(record, previous) !== hash)
      faults.push(`seq ${row.seq} does not have the hash of its content`);
    previous = hash;
  }
  return faults;
}

/** @returns ids that stand in more than one row */
export function doubled(rows: readonly AuditEvent[]): readonly string[] {
  const seen = new Set<string>();
  return rows.map(({ id }) => id).filter((id) => seen.size === seen.add(id).size);
}
