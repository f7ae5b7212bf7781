import type { DecisionInput } from '@behavry/contracts';

/** A decision input about one tool. */
export function sampleInput(toolName: string): DecisionInput {
  return {
    agent: { id: 'a1', roles: [], permissions: [], risk_tier: 'low', risk_score: 0 },
    request: {
      kind: 'mcp',
      phase: 'outbound',
      tool_name: toolName,
      action: 'x',
      action_class: 'unknown',
      resource: '',
      parameters: {},
      mcp_server: 's1',
      provider: '',
      model: '',
      key_source: 'none',
      resource_count: 1,
      truncated: [],
      unscanned: [],
    },
    session: { id: 'j1' },
    requester: { id: '', channel: '', verified: false },
    workflow_session: null,
    delegation: null,
    dlp: { findings: [] },
    injection: { findings: [] },
    context: {},
  };
}
