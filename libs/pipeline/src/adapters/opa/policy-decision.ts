import {
  OBLIGATIONS,
  VERDICTS,
  isObject,
  type Contribution,
  type Obligation,
  type ObligationName,
  type PolicyDecision,
  type Verdict,
} from '@behavry/contracts';

/** Contributions that a decision names at most. */
const MAX_CONTRIBUTIONS = 32;

/**
 * Reads OPA's result strictly: what is not exactly a decision is none.
 * @returns undefined for a malformed one
 */
export function readPolicyDecision(result: unknown): PolicyDecision | undefined {
  if (!isObject(result)) return undefined;
  const { result: verdict, reason, policy, policy_id, version, revision, generation } = result;
  const { is_reason_constant, judges_truncated } = result;
  const obligations = readList(result['obligations'], readObligation);
  const contributions = readList(result['contributions'], readContribution);
  return isVerdict(verdict) &&
    typeof reason === 'string' &&
    typeof is_reason_constant === 'boolean' &&
    typeof policy === 'string' &&
    typeof policy_id === 'string' &&
    isCount(version) &&
    obligations &&
    contributions &&
    contributions.length <= MAX_CONTRIBUTIONS &&
    typeof judges_truncated === 'boolean' &&
    typeof revision === 'string' &&
    revision !== '' &&
    isCount(generation)
    ? {
        result: verdict,
        reason,
        is_reason_constant,
        policy,
        policy_id,
        version,
        obligations,
        contributions,
        judges_truncated,
        revision,
        generation,
      }
    : undefined;
}

/** @returns undefined when it is no list, or one item is malformed */
function readList<T>(list: unknown, read: (item: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const items = list.flatMap((item: unknown) => read(item) ?? []);
  return items.length === list.length ? items : undefined;
}

function readContribution(item: unknown): Contribution | undefined {
  if (!isObject(item)) return undefined;
  const { policy, policy_id, version, verdict } = item;
  return typeof policy === 'string' &&
    policy !== '' &&
    typeof policy_id === 'string' &&
    isCount(version) &&
    isVerdict(verdict)
    ? { policy, policy_id, version, verdict }
    : undefined;
}

function readObligation(item: unknown): Obligation | undefined {
  if (!isObject(item)) return undefined;
  const { name, value } = item;
  if (!(OBLIGATIONS as readonly unknown[]).includes(name)) return undefined;
  const known = name as ObligationName;
  if (known !== 'max_result_bytes') return { name: known };
  return isCount(value) ? { name: known, value } : undefined;
}

function isVerdict(value: unknown): value is Verdict {
  return (VERDICTS as readonly unknown[]).includes(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
