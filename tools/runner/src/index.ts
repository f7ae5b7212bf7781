export { ApiError, PlaneClient } from './api/plane-client';
export { askVerify, recomputeChain } from './demo/audit-steps';
export type { RunFile, RunPlane } from './runner/run-file';
export { RunnerSecrets } from './runner/secrets';
export { DEMO_SERVERS, makeDemoContent, type DemoContentOptions } from './seed/demo-content';
