import type { Alert } from '@behavry/db-data';
import type { AlertView } from './alert.dto';

export function alertView(alert: Alert): AlertView {
  return {
    id: alert.id,
    kind: alert.kind,
    severity: alert.severity,
    status: alert.status,
    agent_id: alert.agentId,
    summary: alert.summary,
    evidence: alert.evidence,
    opened_at: alert.openedAt.toISOString(),
    last_seen_at: alert.lastSeenAt.toISOString(),
    acknowledged_at: alert.acknowledgedAt?.toISOString() ?? null,
    acknowledged_by: alert.acknowledgedBy,
    resolved_at: alert.resolvedAt?.toISOString() ?? null,
    resolved_by: alert.resolvedBy,
  };
}
