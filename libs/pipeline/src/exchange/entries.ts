import type { DecisionEntry, Finding, OutcomeEntry, Target, WholeEntry } from '@behavry/contracts';
import type { Call } from './call';
import type { Exchange, Judgement, Settlement } from './exchange';
import type { Guard } from './guard';

/** What stands in the record of a judgement whose own words an author may have built from the call. */
const DECIDED = 'a policy decided so';
const MAX_LISTED = 100;

/**
 * The first record of an exchange. Nothing in it is text of the call: digests with the plane's key, places and kinds of
 * findings, names that are plain identifiers.
 */
export function decisionEntry(exchange: Exchange, { digest }: Guard): DecisionEntry {
  return { type: 'decision', ...decisionFields(exchange, digest) };
}

/** The second record: what became of it. */
export function outcomeEntry(exchange: Exchange, settlement: Settlement, { now }: Guard): OutcomeEntry {
  return {
    type: 'outcome',
    id: exchange.id,
    ts: new Date(now()).toISOString(),
    ...outcomeFields(exchange, settlement, now()),
    ...traceOf(exchange),
  };
}

/** Both in one, for an exchange of which nothing was forwarded. */
export function wholeEntry(exchange: Exchange, settlement: Settlement, { digest, now }: Guard): WholeEntry {
  const {
    dlp_findings: found,
    dlp_action: action,
    extra,
    injection_findings: injection,
    ...decision
  } = decisionFields(exchange, digest);
  return {
    type: 'whole',
    ...decision,
    ...outcomeFields(exchange, settlement, now()),
    dlp_findings: found,
    dlp_action: action,
    injection_findings: injection,
    extra: { ...extra, ...exchange.outcomeExtra },
    ...traceOf(exchange),
  };
}

/** For whoever stores the entry: no row has it. */
function traceOf({ span }: Exchange): Pick<OutcomeEntry, 'trace'> | undefined {
  return span && { trace: span.traceparent };
}

function decisionFields(exchange: Exchange, digest: Guard['digest']): Omit<DecisionEntry, 'type'> {
  const { call, identity, config, scanned } = exchange;
  const judged = judgedIn(exchange);
  const named = (text: string): string => plainName(text, exchange, digest);
  return {
    id: exchange.id,
    tenant_id: identity?.tenantId ?? '',
    ts: new Date(exchange.startedAt).toISOString(),
    kind: exchange.kind,
    agent_id: identity?.agentId ?? null,
    session_id: identity?.sessionId ?? null,
    requester: null,
    workflow_id: null,
    delegation_id: null,
    depth: 0,
    // Its verb is part of the tool's name, so a name that is not shown has none to show.
    action: call && PLAIN_NAME.test(call.toolName) ? named(call.action) : 'unknown',
    action_class: call?.actionClass ?? 'unknown',
    tool: call?.handling === 'decide' ? named(call.toolName) : null,
    server: exchange.serverId === '' ? null : named(exchange.serverId),
    provider: exchange.provider === '' ? null : exchange.provider,
    model: exchange.model === '' ? null : named(exchange.model),
    target: call ? targetOf(call, exchange, digest) : null,
    resource_count: call?.resourceCount ?? 0,
    verdict: judged.verdict,
    policy: judged.policy,
    reason: judged.isReasonConstant ? judged.reason : DECIDED,
    reason_code: judged.reasonCode,
    contributions: exchange.contributions,
    bundle_revision: exchange.bundleRevision,
    config_revision: config?.document.revision ?? null,
    engine: exchange.engine,
    risk_score: exchange.risk.score,
    dlp_findings: listed(scanned?.arguments.dlp, scanned?.beside?.dlp),
    dlp_action: exchange.dlpAction,
    injection_findings: listed(scanned?.arguments.injection, scanned?.beside?.injection),
    input_hash: exchange.inputHash,
    bytes_up: call?.bytes ?? 0,
    extra: extraOf(exchange),
  };
}

function outcomeFields(
  exchange: Exchange,
  { outcome, responseCode, error }: Settlement,
  now: number,
): Omit<OutcomeEntry, 'type' | 'id' | 'ts'> {
  return {
    outcome,
    response_code: responseCode,
    latency_ms: Math.max(0, now - exchange.startedAt),
    error,
    dlp_findings: exchange.inboundDlp,
    dlp_action: exchange.inboundAction,
    injection_findings: exchange.inboundInjection,
    bytes_down: exchange.inboundBytes,
    tokens: exchange.tokens,
    extra: exchange.outcomeExtra,
  };
}

const UNREAD: Pick<Judgement, 'verdict' | 'reasonCode' | 'reason' | 'policy' | 'isReasonConstant'> = {
  verdict: 'deny',
  reasonCode: 'request_malformed',
  reason: '',
  policy: null,
  isReasonConstant: true,
};

function judgedIn({ refusal, judgement }: Exchange): typeof UNREAD {
  return refusal ?? judgement ?? UNREAD;
}

function listed(first: readonly Finding[] = [], second: readonly Finding[] = []): readonly Finding[] {
  return second.length === 0 ? first : [...first, ...second].slice(0, MAX_LISTED);
}

const PLAIN_NAME = /^[A-Za-z0-9_$][A-Za-z0-9_.:/$-]{0,127}$/;

/** A name that the caller chose, as the record may show it. */
export function plainName(text: string, exchange: Exchange, digest: Guard['digest']): string {
  if (text === '') return text;
  return PLAIN_NAME.test(text) && !isFoundIn(text, exchange) ? text : `~${digest.ofText(text)}`;
}

/** Texts are looked at once more only when something was found in the call that they come from. */
function isFoundIn(text: string, { scanned, config }: Exchange): boolean {
  const isClean =
    scanned !== null && scanned.arguments.dlp.length === 0 && (scanned.beside?.dlp.length ?? 0) === 0;
  return !isClean && config !== null && config.scan.outbound(text).dlp.length > 0;
}

/** @returns what a call is about in the form that record and claim may hold; null when nothing is named */
export function targetOf(call: Call, exchange: Exchange, digest: Guard['digest']): Target | null {
  const { resource, targetClass } = call;
  if (resource === '') return null;
  return { class: targetClass, key: digest.ofText(resource), shown: shownForm(call, exchange) };
}

const PATH_TEXT = /^[^\p{C}\p{Z}]{1,512}$/u;

/** A path or address without what could be found in it; null for free text. */
function shownForm({ resource, targetClass }: Call, exchange: Exchange): string | null {
  switch (targetClass) {
    case 'path':
      return PATH_TEXT.test(resource) ? redacted(resource, exchange) : null;
    case 'url': {
      if (!URL.canParse(resource)) return null;
      const { protocol, host, pathname } = new URL(resource);
      return redacted(`${protocol}//${host}${pathname}`.slice(0, 512), exchange);
    }
    case 'name':
    case 'model':
      return PLAIN_NAME.test(resource) && !isFoundIn(resource, exchange) ? resource : null;
    case 'query':
    case 'command':
    case 'text':
      return null;
  }
}

function redacted(text: string, exchange: Exchange): string | null {
  if (!isFoundIn(text, exchange)) return text;
  const without = exchange.config?.scan.outbound(text, { redacts: true }).redacted();
  return typeof without === 'string' ? without : null;
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
