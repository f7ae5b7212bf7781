import type { DecisionEntry, OutcomeEntry } from '@behavry/contracts';

/** A decision entry with a name of its own. */
export function decision(id: string): DecisionEntry {
  return {
    type: 'decision',
    id,
    tenant_id: 't1',
    ts: '2026-01-01T00:00:00.000Z',
    kind: 'mcp',
    agent_id: 'a1',
    session_id: 'j1',
    requester: null,
    workflow_id: null,
    delegation_id: null,
    depth: 0,
    action: 'echo',
    action_class: 'read',
    tool: 'echo',
    server: 's1',
    provider: null,
    model: null,
    target: null,
    resource_count: 0,
    verdict: 'allow',
    policy: null,
    reason: '',
    reason_code: 'policy_allow',
    contributions: [],
    bundle_revision: 'r1',
    config_revision: 'c1',
    engine: 'opa',
    risk_score: 0,
    dlp_findings: [],
    dlp_action: 'none',
    injection_findings: [],
    input_hash: null,
    bytes_up: 0,
    extra: {},
  };
}

/** The outcome that belongs to it. */
export function outcome(id: string): OutcomeEntry {
  return {
    type: 'outcome',
    id,
    ts: '2026-01-01T00:00:01.000Z',
    outcome: 'ok',
    response_code: 200,
    latency_ms: 1,
    error: null,
    dlp_findings: [],
    dlp_action: 'none',
    injection_findings: [],
    bytes_down: 0,
    tokens: null,
    extra: {},
  };
}
