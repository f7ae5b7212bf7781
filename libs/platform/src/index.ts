export { Env } from './config/env';
export { ConfigError, loadConfig, processEnvironment } from './config/load-config';
export { HTTP_URL_RULE, OpaSocket, OpaToken, OpaUrl } from './config/opa-fields';
export { ProxyConfig } from './config/proxy-config';
export { OnDataPlane, UplinkConfig } from './config/uplink-config';
export { ServiceConfig } from './config/service-config';
export { AddressGuard } from './net/address-guard';
export { planeAddressGuard } from './net/plane-address-guard';
export { IsAddressList } from './net/is-address-list';
export { opaTokenFile, readOpaFiles, writeOpaFiles } from './files/opa-folder';
export { readQuietly, writePrivately } from './files/private-file';
export { guardedConnector } from './net/guarded-connector';
export { readFirstLine } from './net/first-line';
export { SecretReferenceError, UpstreamSecrets } from './secrets/upstream-secrets';
export { Clock, isoTime, ManualClock, SystemClock } from './time/clock';
export { equalInConstantTime, sha256, sha256Hex, uuidv7 } from './keys/hash';
export { PlaneKeys, type DatabaseRole } from './keys/plane-keys';
export { configuredPublicJwk, pemOf, publicJwkOf, publicJwksIn } from './keys/public-jwk';
export { SigningKeys, type SigningKey } from './keys/signing-keys';
export { createLogger, type Logger } from './logging/logger';
export { type HealthState } from './ops/health-registry';
export { ERROR_TABLE } from './errors/error-table';
export { ProblemError, tooManyRequests } from './errors/problem-error';
export { validated } from './errors/validation';
export {
  bearerOf,
  CurrentPerson,
  OwnAccess,
  Public,
  reachesRole,
  RequireRole,
  RequireSuperAdmin,
  SignedInOnly,
  type Person,
} from './auth/person';
export { PersonAccess } from './auth/person-access';
export { SessionCookie } from './auth/session-cookie';
export { identifyAgents } from './auth/identify-agents';
export { TokenVerifier } from './auth/token-verifier';
export { AGENT_AUDIENCE, PERSON_AUDIENCE } from './auth/verified-token';
export { PlaneState, type PlaneStateOptions } from './state/plane-state';
export { PlaneSignalBus } from './state/plane-signals';
export { NextConfig } from './state/next-config';
export { PlaneSeal } from './state/plane-seal';
export {
  PgPlaneBuckets,
  PlaneBuckets,
  RedisPlaneBuckets,
  type BucketAnswer,
  type BucketWish,
} from './state/plane-buckets';
export { PlaneMemory } from './state/plane-memory';
export {
  PlaneSpending,
  type SpendingAnswer,
  type SpendingUse,
  type SpendingWish,
} from './state/plane-spending';
export { PlaneStore } from './state/plane-store';
export { BuildWake } from './queues/build-wake';
export { QueueBroker, type QueueProducer } from './queues/queue-broker';
export { databaseLogin, roleName } from './database/database-address';
export { openDatabase, withTenant } from './database/open-database';
export { migratePlane, type SchemaStream } from './database/migrate-plane';
export { noteMigrated } from './database/migration-wait';
export { uniqueViolation } from './database/unique-violation';
export { PgNotifications } from './database/pg-notifications';
export { ChangeLog } from './changes/change-log';
export { boundedBody } from './http/bounded-body';
export { PageQuery } from './http/page-query';
export { Turns } from './http/turns';
export { overSignal, whenOver } from './http/when-over';
export { PlainText, PlainTexts } from './http/plain-text';
export { UuidPipe } from './http/uuid.pipe';
export { checkIfMatch, etagOf } from './http/preconditions';
export { spanOf } from './tracing/request-spans';
export type { Span, Tracing } from './tracing/tracing';
export { ServiceContext } from './service/service-context';
export type { MigrationContext, ServiceDefinition } from './service/service-definition';
export { createService } from './service/create-service';
export { runProgram, type Running } from './service/run-program';
export { runService } from './service/run-service';
export { VERSION } from './service/version';
export { controlPlaneAgent } from './net/control-plane-agent';
