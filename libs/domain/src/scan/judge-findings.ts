import type { Finding, Severity } from '@behavry/contracts';

/** What findings of each severity lead to (semantics: scanning). */
const ACTION: Readonly<Record<Severity, 'block' | 'log'>> = {
  critical: 'block',
  high: 'block',
  medium: 'log',
  low: 'log',
};

/** @returns the finding for which a message is blocked, or undefined when it may pass */
export function blockingFinding(findings: readonly Finding[]): Finding | undefined {
  return findings.find(({ severity }) => ACTION[severity] === 'block');
}
