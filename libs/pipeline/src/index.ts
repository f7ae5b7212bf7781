export { runExchange, type ExchangeResult } from './exchange/run-exchange';
export { judgeCall } from './exchange/judge-call';
export { previewCalls } from './exchange/preview-calls';
export { countInbound, judgeInbound, noteInbound } from './exchange/inbound';
export type { ExchangeAdapter, Forwarded, Parsed, Reading, UpstreamFault } from './exchange/adapter';
export { boundContent, protocolCall, toolCall, type Call, type EncodedText } from './exchange/call';
export { Exchange, type ExchangeStart, type Settlement } from './exchange/exchange';
export type { Guard } from './exchange/guard';
export { KeyedDigest } from './exchange/keyed-digest';
export { OpenExchanges } from './exchange/open-exchanges';
export { isLimited, isPending, pendingRefusal, refusalFor, refuse, type Refusal } from './exchange/refusal';
export { ConfigView } from './adapters/plane/config-view';
export type {
  DecisionEngine,
  ExchangeMetrics,
  Identify,
  Identity,
  PlaneView,
  RateAnswer,
  RateLimit,
  RateLimiter,
  SeenRisk,
} from './ports/ports';
export { OpaDecisionEngine } from './adapters/opa/opa-decision-engine';
export { LoopTurns } from './adapters/limits/loop-turns';
export { Slots } from './adapters/limits/slots';
export { TokenBucketLimiter } from './adapters/limits/token-bucket-limiter';
export { HttpClaims } from './adapters/claims/http-claims';
export { AbandonedSpools } from './adapters/spool/abandoned-spools';
export { FileSpool } from './adapters/spool/file-spool';
export { takeSpoolPlace } from './adapters/spool/spool-places';
export { SpoolSender } from './adapters/spool/spool-sender';
export {
  examine,
  factsOf,
  scannedOfFacts,
  type Examined,
  type Judges,
  type ScanFacts,
} from './large/examine';
export { serveJobs } from './large/serve-jobs';
export { LARGE_BYTES, WorkerPool, type JobOrder, type Jobs } from './large/worker-pool';
export { Scan, type TextChannel } from './scan/scan';
export type { Scanned } from './scan/scanned';
export { sendRequest, type IncomingResponse } from './http/send-request';
