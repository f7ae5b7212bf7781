import type { AuditRecord, DecisionEntry, OutcomeEntry } from '@behavry/contracts';

const DLP_STRENGTH = ['none', 'logged', 'redacted', 'blocked'] as const;

/** @returns the one row that a decision and its outcome make (architecture: how a record is made) */
export function mergeEntries(decision: DecisionEntry, outcome: OutcomeEntry): AuditRecord {
  return {
    ...contentOf(decision),
    dlp_findings: [...decision.dlp_findings, ...outcome.dlp_findings],
    dlp_action: stronger(decision.dlp_action, outcome.dlp_action),
    extra: { ...decision.extra, ...outcome.extra },
    outcome: outcome.outcome,
    response_code: outcome.response_code,
    latency_ms: outcome.latency_ms,
    error: outcome.error,
  };
}

/** @returns the row of a decision whose outcome never came */
export function abandonedRecord(decision: DecisionEntry): AuditRecord {
  return {
    ...contentOf(decision),
    outcome: 'aborted',
    response_code: null,
    latency_ms: 0,
    error: 'process_restarted',
  };
}

function contentOf(decision: DecisionEntry): Omit<DecisionEntry, 'type'> {
  const content: Omit<DecisionEntry, 'type'> & { type?: string } = { ...decision };
  delete content.type;
  return content;
}

function stronger(
  a: DecisionEntry['dlp_action'],
  b: DecisionEntry['dlp_action'],
): DecisionEntry['dlp_action'] {
  return DLP_STRENGTH.indexOf(a) >= DLP_STRENGTH.indexOf(b) ? a : b;
}
