import type { DecisionInput } from '@behavry/contracts';
import { boundedJson } from './bounded-json';
import type { Call } from './call';
import type { Exchange } from './exchange';

const MAX_RESOURCE = 4_096;
const NOBODY = { id: '', channel: '', verified: false };

/**
 * The input document of a decision (semantics: decisions and policy), bounded, so that one call never costs an engine
 * more than another. Roles and permissions are those of the configuration in force, not of the token.
 */
export function decisionInput(
  exchange: Exchange,
  call: Call,
  { value, truncated } = boundedJson(call.parameters ?? {}, call.bytes),
): DecisionInput {
  const { identity, agent, risk, scanned } = exchange;
  return {
    agent: {
      id: identity?.agentId ?? '',
      roles: agent?.roles ?? [],
      permissions: agent?.permissions ?? [],
      risk_tier: risk.tier,
      risk_score: risk.score,
    },
    request: {
      kind: exchange.kind,
      phase: 'outbound',
      tool_name: call.toolName,
      action: call.action,
      action_class: call.actionClass,
      resource: call.resource.slice(0, MAX_RESOURCE),
      parameters: value,
      mcp_server: exchange.serverId,
      provider: exchange.provider,
      model: exchange.model,
      key_source: exchange.keySource,
      resource_count: call.resourceCount,
      // A rule that looks at the resource must not be blind to its end without knowing.
      truncated: call.resource.length > MAX_RESOURCE ? [...truncated, '/resource'] : truncated,
      unscanned: call.unscanned ?? [],
    },
    session: { id: identity?.sessionId ?? '' },
    requester: NOBODY,
    workflow_session: null,
    delegation: null,
    dlp: { findings: scanned?.arguments.dlp ?? [] },
    injection: { findings: scanned?.arguments.injection ?? [] },
    context: {},
  };
}
