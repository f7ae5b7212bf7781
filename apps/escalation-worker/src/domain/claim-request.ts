import {
  isObject,
  RISK_TIERS,
  type ClaimRequest,
  type StandingRequest,
  type Target,
} from '@behavry/contracts';

const TEXTS = [
  'decision_id',
  'tenant_id',
  'agent_id',
  'session_id',
  'server',
  'server_digest',
  'tool',
  'action',
  'arguments_digest',
  'policy',
  'policy_id',
  'reason',
] as const;
const TIERS: readonly unknown[] = [...RISK_TIERS, 'unknown'];

/** Narrows the body of a claim; the proxies are ours, so a wrong one is a fault and not a dialogue. */
export function isClaimRequest(body: unknown): body is ClaimRequest {
  return (
    isObject(body) &&
    TEXTS.every((field) => typeof body[field] === 'string') &&
    (body['kind'] === 'mcp' || body['kind'] === 'llm') &&
    (body['target'] === null || isTarget(body['target'])) &&
    Number.isSafeInteger(body['policy_version']) &&
    TIERS.includes(body['risk_tier']) &&
    typeof body['hold_ms'] === 'number' &&
    body['hold_ms'] >= 0
  );
}

const MAX_ASKED = 128;

/** Narrows a question for how escalations stand. */
export function isStandingRequest(body: unknown): body is StandingRequest {
  const ids = isObject(body) ? body['escalation_ids'] : undefined;
  return (
    isObject(body) &&
    typeof body['tenant_id'] === 'string' &&
    typeof body['agent_id'] === 'string' &&
    Array.isArray(ids) &&
    ids.length <= MAX_ASKED &&
    ids.every((id) => typeof id === 'string') &&
    typeof body['hold_ms'] === 'number' &&
    body['hold_ms'] >= 0
  );
}

function isTarget(target: unknown): target is Target {
  return (
    isObject(target) &&
    typeof target['class'] === 'string' &&
    typeof target['key'] === 'string' &&
    (target['shown'] === null || typeof target['shown'] === 'string')
  );
}

/** @returns the target as anybody may see it: its shown form, else its class and key; never text of the call */
export function shownTarget(target: Target | null): string | null {
  return target && (target.shown ?? `${target.class}:${target.key}`);
}
