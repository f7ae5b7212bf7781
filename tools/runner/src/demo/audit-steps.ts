import { createHash } from 'node:crypto';
import { waitUntil } from '@behavry/components';
import type { AuditEvent } from '@behavry/contracts';
import { canonicalJson } from '@behavry/domain';
import type { PlaneClient } from '../api/plane-client';
import { promise } from './steps';

/** What the agent's exchanges of the demo must have left behind, by reason. */
const EXPECTED = [
  'policy_allow',
  'policy_deny',
  'dlp_blocked',
  'escalation_approved',
  'escalation_pending',
  'escalation_denied',
] as const;

/** Reads the agent's audit rows. @returns what they say, one line each */
export async function readAudit(person: PlaneClient, agentId: string): Promise<string> {
  let events: AuditEvent[] = [];
  const isComplete = await waitUntil(
    async () => {
      ({ events } = await person.call<{ events: AuditEvent[] }>(
        'GET',
        `/api/v1/audit/events?agent_id=${agentId}&limit=100`,
      ));
      const holdsAll = EXPECTED.every((code) => events.some(({ reason_code }) => reason_code === code));
      const isStopped = events.some(({ error }) => error === 'budget_exceeded');
      return holdsAll && isStopped && events.some(({ kind }) => kind === 'llm');
    },
    { timeoutMs: 15_000, everyMs: 200 },
  );
  const lines = [...events]
    .sort((a, b) => a.seq - b.seq)
    .map(
      (event) =>
        `#${event.seq} ${event.verdict.padEnd(8)} ${event.reason_code.padEnd(20)} ${event.server ?? event.model ?? ''} ${event.tool ?? ''}`,
    );
  promise(isComplete, `the record is not complete:\n${lines.join('\n')}`);
  return lines.join('\n');
}

/** Asks the data plane to check its own record. */
export async function askVerify(person: PlaneClient): Promise<string> {
  const answer = await person.call<{ ok: boolean; checked: number }>('GET', '/api/v1/audit/verify');
  promise(answer.ok && answer.checked > 0, JSON.stringify(answer));
  return `ok, ${answer.checked} rows checked`;
}

/**
 * Recomputes the chain from the export alone, as anybody could: each row's hash is the SHA-256 of its canonical
 * JSON (RFC 8785) without its two hashes, followed by the hash of the row before.
 */
export async function recomputeChain(person: PlaneClient): Promise<string> {
  const text = await person.callText('GET', '/api/v1/audit/export?format=ndjson');
  const rows = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent);
  promise(rows.length > 0, 'the export is empty');
  let head = '0'.repeat(64);
  for (const [index, { hash, previous_hash, ...row }] of rows.entries()) {
    promise(row.seq === index + 1, `row ${index + 1} has the number ${row.seq}`);
    promise(previous_hash === head, `row ${row.seq} does not follow the one before`);
    head = createHash('sha256')
      .update(canonicalJson(row) + previous_hash)
      .digest('hex');
    promise(hash === head, `row ${row.seq} does not have the hash of its content`);
  }
  return `${rows.length} rows recomputed, head ${head.slice(0, 16)}…`;
}
