import {
  OBLIGATIONS,
  VERDICTS,
  isObject,
  type Obligation,
  type ObligationName,
  type PolicyDecision,
  type Verdict,
} from '@behavry/contracts';

/**
 * Reads OPA's result strictly: what is not exactly a decision is none.
 * @returns undefined for a malformed one
 */
export function readPolicyDecision(result: unknown): PolicyDecision | undefined {
  if (!isObject(result)) return undefined;
  const { result: verdict, reason, policy, obligations, revision } = result;
  if (!isVerdict(verdict) || typeof reason !== 'string' || typeof policy !== 'string') return undefined;
  if (typeof revision !== 'string' || revision === '' || !Array.isArray(obligations)) return undefined;
  const read: Obligation[] = [];
  for (const item of obligations as unknown[]) {
    const obligation = readObligation(item);
    if (!obligation) return undefined;
    read.push(obligation);
  }
  return { result: verdict, reason, policy, obligations: read, revision };
}

function isVerdict(value: unknown): value is Verdict {
  return (VERDICTS as readonly unknown[]).includes(value);
}

function readObligation(item: unknown): Obligation | undefined {
  if (!isObject(item)) return undefined;
  const { name, value } = item;
  if (!(OBLIGATIONS as readonly unknown[]).includes(name)) return undefined;
  const known = name as ObligationName;
  if (known === 'max_result_bytes') {
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      ? { name: known, value }
      : undefined;
  }
  return { name: known };
}
