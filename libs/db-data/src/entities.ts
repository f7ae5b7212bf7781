import { AlertEntity } from './alerts/alert.entity';
import { AuditEventEntity } from './audit/audit-event.entity';
import { AuditHeadEntity } from './audit/audit-head.entity';
import { AuditPendingEntity } from './audit/audit-pending.entity';
import { AuditRejectedEntity } from './audit/audit-rejected.entity';
import { AuditVerificationEntity } from './audit/audit-verification.entity';
import { SpoolPositionEntity } from './audit/spool-position.entity';
import { EscalationEntity } from './escalations/escalation.entity';
import { LocalApiKeyEntity, LocalSessionEntity } from './people/local-access.entity';
import { LocalPersonEntity } from './people/local-person.entity';
import { AgentRiskEntity } from './risk/agent-risk.entity';
import { RiskCursorEntity } from './risk/risk-cursor.entity';
import { SessionEntity } from './sessions/session.entity';
import { UplinkMemoryEntity } from './uplink/uplink-memory.entity';

/** Every entity of the data schema. */
export const DATA_ENTITIES: (new () => object)[] = [
  LocalPersonEntity,
  LocalSessionEntity,
  LocalApiKeyEntity,
  UplinkMemoryEntity,
  AuditEventEntity,
  AuditHeadEntity,
  AuditPendingEntity,
  AuditRejectedEntity,
  AuditVerificationEntity,
  SpoolPositionEntity,
  SessionEntity,
  EscalationEntity,
  RiskCursorEntity,
  AgentRiskEntity,
  AlertEntity,
];
