import { randomUUID } from 'node:crypto';
import type { DecisionEntry, OutcomeEntry } from '@behavry/contracts';

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
    requester_id: null,
    workflow_id: null,
    action: 'read',
    tool: 'read_file',
    server: 'files',
    model: null,
    target: '/tmp/ä "quoted"',
    verdict: 'allow',
    policy: 'base.reading',
    reason: 'reading is allowed',
    reason_code: 'policy_allow',
    bundle_revision: '20260504T110000Z',
    config_revision: '20260504T110000Z',
    engine: 'opa',
    risk_score: 12.5,
    dlp_findings: [],
    dlp_action: 'none',
    injection_findings: [],
    input_hash: `sha256:${'a'.repeat(64)}`,
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
    extra: {},
    ...change,
  };
}
