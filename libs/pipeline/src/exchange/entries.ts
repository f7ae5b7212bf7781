import type { DecisionEntry, OutcomeEntry } from '@behavry/contracts';
import { storableJson } from '@behavry/domain';
import type { Exchange, Judgement, Settlement } from './exchange';

/**
 * The first record of an exchange. Arguments and results are never part of it: only their digest and
 * where something was found.
 */
export function decisionEntry(exchange: Exchange, tenantId: string): DecisionEntry {
  const { call, identity, config, refusal } = exchange;
  const judged: Judgement = refusal ??
    exchange.judgement ?? { verdict: 'deny', reasonCode: 'request_malformed', reason: '', policy: null };
  return storableJson({
    type: 'decision',
    id: exchange.id,
    tenant_id: tenantId,
    ts: new Date(exchange.startedAt).toISOString(),
    kind: exchange.kind,
    agent_id: identity?.agentId ?? null,
    session_id: identity?.sessionId ?? null,
    requester_id: exchange.requester.id === '' ? null : exchange.requester.id,
    workflow_id: exchange.workflowSession?.id ?? null,
    action: call?.action ?? 'unknown',
    tool: call?.handling === 'decide' ? call.toolName : null,
    server: exchange.serverId === '' ? null : exchange.serverId,
    model: exchange.model === '' ? null : exchange.model,
    target: call && call.resource !== '' ? call.resource.slice(0, 1024) : null,
    verdict: judged.verdict,
    policy: judged.policy,
    reason: judged.reason,
    reason_code: judged.reasonCode,
    bundle_revision: exchange.bundleRevision,
    config_revision: config?.document.revision ?? null,
    engine: exchange.engine,
    risk_score: exchange.risk.score,
    dlp_findings: exchange.dlpFindings,
    dlp_action: exchange.dlpAction,
    injection_findings: exchange.injectionFindings,
    input_hash: exchange.inputHash,
    extra: extraOf(exchange),
  });
}

/** The second record: what became of it. */
export function outcomeEntry(exchange: Exchange, settlement: Settlement, now: number): OutcomeEntry {
  return storableJson({
    type: 'outcome',
    id: exchange.id,
    ts: new Date(now).toISOString(),
    outcome: settlement.outcome,
    response_code: settlement.responseCode,
    latency_ms: Math.max(0, now - exchange.startedAt),
    error: settlement.error,
    dlp_findings: exchange.inboundFindings,
    dlp_action: exchange.inboundAction,
    extra: {},
  });
}

function extraOf(exchange: Exchange): Record<string, unknown> {
  return {
    ...exchange.extra,
    ...(exchange.call?.handling === 'pass' ? { method: exchange.call.toolName } : {}),
    ...(exchange.parent ? { parent_id: exchange.parent.id } : {}),
    ...(exchange.escalationId === null ? {} : { escalation_id: exchange.escalationId }),
    ...(exchange.obligations.length === 0
      ? {}
      : { obligations: exchange.obligations.map(({ name }) => name) }),
  };
}
