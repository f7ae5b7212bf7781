import { waitUntil } from '@behavry/components';
import type { AuditEvent } from '@behavry/contracts';
import { verifyChain } from '@behavry/domain';
import type { PlaneClient } from '../api/plane-client';
import { promise } from './steps';

/** What the agent's exchanges of the demo must have left behind, by reason. */
const EXPECTED = ['policy_allow', 'policy_deny', 'dlp_blocked', 'escalation_approved'] as const;

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
      return holdsAll && events.some(({ kind }) => kind === 'llm');
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

/** Recomputes the chain from the export alone. */
export async function recomputeChain(person: PlaneClient): Promise<string> {
  const text = await person.callText('GET', '/api/v1/audit/export?format=ndjson');
  const rows = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent);
  const report = verifyChain(rows);
  promise(report.ok && rows.length > 0, JSON.stringify(report));
  return `${report.checked} rows recomputed, head ${report.head.hash.slice(0, 16)}…`;
}
