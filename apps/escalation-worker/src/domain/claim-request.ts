import { isObject, RISK_TIERS, type ClaimRequest } from '@behavry/contracts';

const TEXTS = [
  'decision_id',
  'tenant_id',
  'agent_id',
  'session_id',
  'server',
  'tool',
  'action',
  'target',
  'arguments_digest',
  'policy',
  'reason',
] as const;

/** Narrows the body of a claim; the proxies are ours, so a wrong one is a fault and not a dialogue. */
export function isClaimRequest(body: unknown): body is ClaimRequest {
  return (
    isObject(body) &&
    TEXTS.every((field) => typeof body[field] === 'string') &&
    (body['kind'] === 'mcp' || body['kind'] === 'llm') &&
    RISK_TIERS.some((tier) => tier === body['risk_tier']) &&
    typeof body['hold_ms'] === 'number' &&
    body['hold_ms'] >= 0
  );
}
