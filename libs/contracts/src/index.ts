export { MODES, type Mode } from './modes';
export { APPS, APP_NAMES, appRunsIn, appsOf, mayHaveReplicas, type AppName } from './apps';
export { mayHaveSecret } from './app-secrets';
export { ROUTE_TABLE, routeFor } from './routes';
export {
  JSON_RPC,
  OBLIGATIONS,
  RISK_TIERS,
  ROLES,
  rolesOf,
  VERDICTS,
  type ErrorCode,
  type ObligationName,
  type Outcome,
  type ReasonCode,
  type RiskTier,
  type Role,
  type SeenRiskTier,
  type Severity,
  type Verdict,
} from './codes';
export type { Contribution, DecisionInput, Finding, Obligation, PolicyDecision } from './decision';
export { AUDIT_FIELDS, type AuditColumnType, type AuditField, type FieldShape } from './audit-fields';
export {
  ABANDONED_OUTCOME,
  AUDIT_RECORD_VERSION,
  DLP_ACTIONS,
  MAX_AUDIT_ENTRY_BYTES,
  TARGET_CLASSES,
  type AuditEvent,
  type AuditRecord,
  type DecisionEntry,
  type DlpAction,
  type LostEntry,
  type OutcomeEntry,
  type PersonalValues,
  type SaltedValue,
  type SequencedRecord,
  type SpoolEntry,
  type Target,
  type TargetClass,
  type TokenCounts,
  type WholeEntry,
} from './audit';
export {
  CLAIM_PATH,
  DECISION_KEPT_MS,
  MAX_CLAIM_BYTES,
  STANDING_PATH,
  type ClaimAnswer,
  type ClaimRequest,
  type Standing,
  type StandingAnswer,
  type StandingRequest,
} from './claims';
export { PLANE_SIGNAL_SENDERS, PLANE_STATE_OWNERS } from './plane-state';
export type {
  KeptEntry,
  LicenseMode,
  LicenseState,
  PlaneSignal,
  PlaneSignals,
  LiveApiKey,
  LivePerson,
  PeopleState,
  PlaneStateKey,
  PlaneStateValues,
  ProxyReplica,
  PublicJwk,
  RiskScore,
  TrustedIssuer,
} from './plane-state';
export {
  CONFIG_DOCUMENT_SCHEMA,
  type AgentEntry,
  type AgentStatus,
  type BlastRadiusSettings,
  type ConfigDocument,
  type DlpPatternEntry,
  type EscalationSettings,
  type KillScope,
  type KillSwitch,
  type McpServerEntry,
  type RateLimitSettings,
} from './uplink/config-document';
export {
  MODEL_PROVIDER_KINDS,
  MODEL_SETTINGS_DEFAULTS,
  type ModelBudget,
  type ModelPrice,
  type ModelProvider,
  type ModelProviderKind,
  type ModelSettings,
} from './uplink/model-settings';
export { LicenseValidateRequest, type LicenseValidateResponse } from './uplink/license';
export { HeartbeatRequest, type HeartbeatResponse } from './uplink/heartbeat';
export type { QueueDefinition } from './queues/queue-definition';
export { isObject, objectOf, objectsOf, parsedJson } from './json';
export { readJws } from './jws';
export { AUDIT_EVENTS_QUEUE, spoolEntriesOf, type AuditEventsPayload } from './queues/audit-events.queue';
export {
  AUDIT_COMMITTED_QUEUE,
  type AuditCommittedPayload,
  type AuditFact,
} from './queues/audit-committed.queue';
export { BUNDLE_BUILD_QUEUE, type BundleBuildPayload } from './queues/bundle-build.queue';
export { OPA_FILES_PATH, OPA_SERVICE, type OpaFiles } from './opa-files';
export { STDIO_FIRST_LINE_MAX_BYTES, type StdioStartAnswer, type StdioStartRequest } from './stdio-host';
