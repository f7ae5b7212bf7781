export { Env, variablesOf, type EnvOptions, type VariableInfo } from './config/env';
export { ConfigError, loadConfig, processEnvironment } from './config/load-config';
export { HTTP_URL_RULE, OpaSocket, OpaUrl } from './config/opa-fields';
export { ProxyConfig } from './config/proxy-config';
export { OnDataPlane, UplinkConfig } from './config/uplink-config';
export { ServiceConfig } from './config/service-config';
export { Clock, isoTime, ManualClock, SystemClock } from './time/clock';
export { equalInConstantTime, sha256, sha256Hex, uuidv7 } from './keys/hash';
export { PlaneKeys, type DatabaseRole } from './keys/plane-keys';
export { publicJwkOf, SigningKeys, type KeyPurpose, type SigningKey } from './keys/signing-keys';
export { createLogger, describeError, type Logger } from './logging/logger';
export { HealthRegistry, type HealthCheck, type HealthState } from './ops/health-registry';
export { OpsServer, type OpsHandler } from './ops/ops-server';
export { ERROR_TABLE } from './errors/error-table';
export {
  problemDocument,
  ProblemError,
  tooManyRequests,
  type FieldFault,
  type ProblemDocument,
} from './errors/problem-error';
export { problemOf, sendProblem } from './errors/problem.filter';
export { validated } from './errors/validation';
export {
  authenticatePerson,
  bearerOf,
  CurrentPerson,
  Public,
  reachesRole,
  RequireRole,
  RequireSuperAdmin,
  type Person,
} from './auth/person';
export { identifyAgents, type AgentIdentity } from './auth/identify-agents';
export { TokenVerifier } from './auth/token-verifier';
export {
  AGENT_AUDIENCE,
  isEnded,
  PERSON_AUDIENCE,
  type TokenFault,
  type TokenResult,
  type VerifiedToken,
} from './auth/verified-token';
export { PlaneState, type PlaneStateOptions, type Versioned } from './state/plane-state';
export { PlaneSignalBus } from './state/plane-signals';
export { NextConfig } from './state/next-config';
export { PlaneSeal } from './state/plane-seal';
export { PlaneStore } from './state/plane-store';
export { PgPlaneStore } from './state/pg-plane-store';
export { RedisPlaneStore } from './state/redis-plane-store';
export { BuildWake } from './queues/build-wake';
export {
  QueueBroker,
  type AddOptions,
  type BrokerAddress,
  type ConsumeOptions,
  type QueueHandler,
  type QueueProducer,
} from './queues/queue-broker';
export { databaseLogin, roleName, type DatabaseLogin } from './database/database-address';
export {
  openDatabase,
  withTenant,
  type EntityList,
  type OpenDatabaseOptions,
} from './database/open-database';
export {
  migratePlane,
  openStream,
  schemaDrift,
  type MigratePlaneOptions,
  type SchemaStream,
} from './database/migrate-plane';
export { uniqueViolation } from './database/unique-violation';
export { PgNotifications } from './database/pg-notifications';
export { ChangeLog, type Change, type RecordedChange } from './changes/change-log';
export { PageQuery } from './http/page-query';
export { Turns } from './http/turns';
export { overSignal, whenOver } from './http/when-over';
export { PlainText, PlainTexts } from './http/plain-text';
export { UuidPipe } from './http/uuid.pipe';
export { checkIfMatch, etagOf } from './http/preconditions';
export { ServiceContext } from './service/service-context';
export type { MigrationContext, ServiceDefinition } from './service/service-definition';
export { createService } from './service/create-service';
export { runService } from './service/run-service';
export { VERSION } from './service/version';
