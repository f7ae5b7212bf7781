export {
  describeWithOpa,
  describeWithNginx,
  describeWithRedis,
  eventually,
  freePort,
  freePortBlock,
  issueCertificate,
  makeAuthority,
  nginxCommand,
  nginxFolder,
  opaForTests,
  startOtlpReceiver,
  startTestOpa,
  startTestPostgres,
  startTestRedis,
  startTestNginx,
  startTestStdioHost,
  testCertificate,
  tempDir,
  workspaceRoot,
  type OtlpReceiver,
  type TestOpa,
  type TestPostgres,
  type TestStdioHost,
} from '@behavry/test-components';
export { putAsOwner, queuesAs, signalAs } from './as-owner';
export { agentEntry, keyedAgent, configDocument, httpServer, stdioServer } from './plane/config-document';
export { migrateTestDatabase, type PlaneSchema } from './plane/plane-template';
export { bearer, TestIssuer } from './plane/test-issuer';
export { startTestPlane, type TestPlane } from './plane/test-plane';
export { startTestProxy, type TestProxy, type TestReplica } from './plane/test-proxy';
export { opaBundleConfig, writePolicyBundle } from './plane/policy-bundle';
export { edgeContract, type OpenEdge } from './edge/edge-contract';
export { httpRequest, rawRequest, type Answer } from './edge/raw-http';
export { StubApp } from './edge/stub-app';
