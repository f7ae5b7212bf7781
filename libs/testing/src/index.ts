export {
  ComponentError,
  describeWithOpa,
  describeWithRedis,
  eventually,
  freePort,
  isPortFree,
  opaForTests,
  startTestOpa,
  startTestPostgres,
  startTestRedis,
  startTestStdioHost,
  tempDir,
  workspaceRoot,
  type TestOpa,
  type TestOpaOptions,
  type TestPostgres,
  type TestRedis,
  type TestStdioHost,
  type TestStdioHostOptions,
} from '@behavry/test-components';
export { putAsOwner, queuesAs, signalAs, type RunningParts } from './as-owner';
export { PENDING_CLAIM, startClaimServer, type ClaimServer } from './plane/claim-server';
export { agentEntry, configDocument, httpServer, stdioServer, TEST_TENANT } from './plane/config-document';
export { migrateTestDatabase, type PlaneSchema } from './plane/plane-template';
export { bearer, TestIssuer, type TokenClaims } from './plane/test-issuer';
export { startTestPlane, type TestPlane, type TestPlaneOptions } from './plane/test-plane';
export { startTestProxy, type TestProxy, type TestProxyOptions } from './plane/test-proxy';
export { opaBundleConfig, writePolicyBundle } from './plane/policy-bundle';
