import type { PolicyFault } from '@behavry/domain';
import { MAX_POLICY_BYTES } from '@behavry/domain';
import { ProblemError } from '@behavry/platform';

/** A fault as callers see it: `field` names the part of the body. */
export interface FaultView extends PolicyFault {
  readonly field: string;
}

/** @returns 422 with every fault, its row and its column */
export function policyInvalid(faults: readonly PolicyFault[], field = 'content'): ProblemError {
  return withFaults(faults.map((fault) => ({ ...fault, field })));
}

export function withFaults(errors: readonly FaultView[]): ProblemError {
  const first = errors[0];
  const where = first ? ` (row ${String(first.row)}: ${first.message})` : '';
  return new ProblemError('policy_invalid', `The policy has ${String(errors.length)} fault(s)${where}.`, {
    members: { errors },
  });
}

/** @throws ProblemError 413 when a text is larger than a policy may be */
export function checkSizes(...texts: readonly (string | null | undefined)[]): void {
  for (const text of texts) {
    if (text !== null && text !== undefined && Buffer.byteLength(text) > MAX_POLICY_BYTES) {
      throw new ProblemError(
        'payload_too_large',
        `A policy, and its tests, have at most ${String(MAX_POLICY_BYTES)} bytes each.`,
      );
    }
  }
}

export function packageTaken(packageName: string): ProblemError {
  return new ProblemError(
    'package_conflict',
    `Another active policy has the package ${packageName}; archive it or use another name.`,
  );
}
