export { openProxy, type Proxy } from './open-proxy';
export { openLargeWork } from './large-work';
export { exchangeMetrics } from './exchange-metrics';
export {
  ANSWER_HEADERS,
  BodyTooLargeError,
  bodyOf,
  boundedBody,
  DECISION_HEADER,
  faultOf,
  hangUp,
  headerOf,
  mediaTypeOf,
  prepareScope,
  startExchange,
} from './http';
export { breakOff, sendStreamHead, writeStream } from './stream';
