export { migratedDatabase, type PlaneSchema } from './plane-template';
export { startProxy, type RunningProxy, type RunningProxyOptions } from './running-proxy';
export {
  opaBundleConfig,
  planeEnvironment,
  startTestPlane,
  writePolicyBundle,
  type TestPlane,
  type TestPlaneOptions,
} from './test-plane';
