export { DATA_ENTITIES } from './entities';
export { DATA_MIGRATIONS } from './migrations';
export { LocalPersonRepository } from './people/local-person.repository';
export {
  UplinkMemoryRepository,
  type TokenState,
  type UplinkMemory,
} from './uplink/uplink-memory.repository';
export { columnsAgree } from './audit/audit-columns';
export { AuditChainRepository, type AppendedRow, type NewAuditRow } from './audit/audit-chain.repository';
export { AuditVerificationRepository, type KeptVerification } from './audit/audit-verification.repository';
export { AuditPartitions } from './audit/audit-partitions';
export {
  AuditQueryRepository,
  type AuditFilter,
  type StoredAuditEvent,
  type VerifiableRow,
} from './audit/audit-query.repository';
export { modelUsage, type ModelUsage, type UsageKey, type UsageRange } from './audit/model-usage';
export { auditEventOf, auditRowText } from './audit/stored-audit-event';
export { PendingDecisionRepository } from './audit/pending-decision.repository';
export { SpoolRepository, type RejectedEntry } from './audit/spool.repository';
export { trafficFigures } from './audit/traffic-figures';
export { SessionRepository, type Session } from './sessions/session.repository';
export type { Escalation, EscalationStatus } from './escalations/escalation';
export { ClaimRepository } from './escalations/claim.repository';
export {
  EscalationRepository,
  pendingFigures,
  type OpenEscalation,
  type PendingFigures,
} from './escalations/escalation.repository';
export { RiskRepository, type AgentRisk } from './risk/risk.repository';
export { AlertRepository, type Alert, type AlertKind, type AlertStatus } from './alerts/alert.repository';
