import { randomUUID } from 'node:crypto';
import type { AuditEventsPayload, DecisionEntry, OutcomeEntry, WholeEntry } from '@behavry/contracts';

export const TENANT = '0190aaaa-0000-7000-8000-000000000001';

/** A decision as a proxy spools it. */
export function decisionOf(change: Partial<DecisionEntry>): DecisionEntry {
  return {
    type: 'decision',
    id: randomUUID(),
    tenant_id: TENANT,
    ts: '2026-05-04T12:00:00.123Z',
    kind: 'mcp',
    agent_id: 'agent-1',
    session_id: 'session-1',
    requester: null,
    workflow_id: null,
    delegation_id: null,
    depth: 0,
    action: 'read',
    action_class: 'read',
    tool: 'read_file',
    server: 'files',
    provider: null,
    model: null,
    target: { class: 'path', key: 'c'.repeat(32), shown: '/tmp/ä "quoted"' },
    resource_count: 1,
    verdict: 'allow',
    policy: 'base.reading',
    reason: 'reading is allowed',
    reason_code: 'policy_allow',
    contributions: [
      { policy: 'behavry.base.reading', policy_id: 'behavry.base.reading', version: 0, verdict: 'allow' },
    ],
    bundle_revision: '20260504T110000Z',
    config_revision: '20260504T110000Z',
    engine: 'opa',
    risk_score: 12.5,
    dlp_findings: [],
    dlp_action: 'none',
    injection_findings: [],
    input_hash: `hmac-sha256:${'a'.repeat(64)}`,
    bytes_up: 512,
    extra: { bytes: 1e21, small: 1e-7 },
    ...change,
  };
}

/** What became of it. */
export function outcomeOf(id: string, change: Partial<OutcomeEntry> = {}): OutcomeEntry {
  return {
    type: 'outcome',
    id,
    ts: '2026-05-04T12:00:00.200Z',
    outcome: 'ok',
    response_code: 200,
    latency_ms: 76.25,
    error: null,
    dlp_findings: [],
    dlp_action: 'none',
    injection_findings: [],
    bytes_down: 1024,
    tokens: null,
    extra: {},
    ...change,
  };
}

/** An exchange that was refused before anything was forwarded. */
export function wholeOf(change: Partial<WholeEntry> = {}): WholeEntry {
  const decision = decisionOf({ verdict: 'deny', reason_code: 'policy_deny' });
  const refused = { outcome: 'refused', response_code: 403, bytes_down: 0 } as const;
  return { ...outcomeOf(decision.id, refused), ...decision, type: 'whole', ...change };
}

/** A batch as a proxy makes it. */
export function batchOf(spoolId: string, first: number, entries: readonly unknown[]): AuditEventsPayload {
  return {
    spool_id: spoolId,
    first,
    last: first + entries.length - 1,
    entries: JSON.stringify(entries),
  };
}
