export {
  ComponentError,
  freePort,
  freePortBlock,
  issueCertificate,
  makeAuthority,
} from '@behavry/components';
export { describeWithNginx, describeWithOpa, describeWithRedis } from './describe-with';
export { eventually } from './eventually';
export { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from './otlp-receiver';
export { opaForTests } from './opa-for-tests';
export { tempDir } from './temp-dir';
export { nginxCommand, nginxFolder, startTestNginx, testCertificate, type TestNginx } from './test-nginx';
export { startTestOpa, type TestOpa, type TestOpaOptions } from './test-opa';
export { startTestPostgres, type TestPostgres } from './test-postgres';
export { startTestRedis, type TestRedis } from './test-redis';
export { workspaceRoot } from './workspace-root';
export { startTestStdioHost, type TestStdioHost, type TestStdioHostOptions } from './test-stdio-host';
