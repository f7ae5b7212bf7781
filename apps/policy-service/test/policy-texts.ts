/** Path of the policies' routes. */
export const POLICIES = '/api/v1/policies';

/** A policy in the full form that decides about one tool. */
export function rego(name: string, kind: 'allow' | 'deny' | 'escalate', tool: string): string {
  return `package behavry.base.${name}

${kind} contains {"policy": "${name}", "reason": "because"} if {
	input.request.tool_name == "${tool}"
}
`;
}

/** The input of a decision about one tool. */
export const call = (tool: string): object => ({
  agent: { id: 'a1', roles: [], permissions: [], risk_tier: 'low', risk_score: 0 },
  request: {
    kind: 'mcp',
    tool_name: tool,
    action: 'read',
    action_class: 'read',
    resource: '',
    parameters: {},
    mcp_server: 'files',
    model: '',
    resource_count: 1,
  },
  session: { id: 's1' },
  requester: { id: '', channel: '', verified: false },
  workflow_session: null,
  delegation: null,
  dlp: { findings: [] },
  injection: { findings: [] },
  context: {},
});

/** One member of each item. */
export function pluck(items: readonly Record<string, unknown>[], member: string): unknown[] {
  return items.map((item) => item[member]);
}
