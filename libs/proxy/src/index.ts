export { openProxy, type Proxy } from './open-proxy';
export { openLargeWork } from './large-work';
export {
  bodyOf,
  DECISION_HEADER,
  faultOf,
  hangUp,
  headerOf,
  mediaTypeOf,
  prepareScope,
  startExchange,
  takeBodies,
} from './http';
export { breakOff, sendStreamHead, writeStream } from './stream';
export { StoreWatch } from './limits/store-watch';
export { PlaneStateView } from './plane-state-view';
