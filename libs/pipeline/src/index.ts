export { runExchange, type ExchangeResult } from './exchange/run-exchange';
export { judgeCall } from './exchange/judge-call';
export { previewCalls, type Preview } from './exchange/preview-calls';
export { scanInbound, type InboundResult } from './exchange/scan-inbound';
export type { ExchangeAdapter } from './exchange/adapter';
export { protocolCall, toolCall, type Call } from './exchange/call';
export {
  Exchange,
  type DlpAction,
  type ExchangeStart,
  type Judgement,
  type Settlement,
  type StopReason,
} from './exchange/exchange';
export type { Forwarded, UpstreamFault } from './exchange/forwarded';
export type { Guard } from './exchange/guard';
export { OpenExchanges, stopReasonOf } from './exchange/open-exchanges';
export { refuse, type Refusal } from './exchange/refusal';
export { refusalFor } from './stages/agent-status.stage';
export { CLOSING_STAGES, STAGES } from './stages/stages';
export type { Stage, StageName } from './stages/stage';
export { ConfigView } from './plane/config-view';
export type { AuditSpool } from './ports/audit-spool';
export type { Claims } from './ports/claims';
export type { DecisionEngine, EngineAnswer, EngineFault } from './ports/decision-engine';
export type { ExchangeMetrics } from './ports/exchange-metrics';
export type { Identify, Identity } from './ports/identify';
export type { PlaneView } from './ports/plane-view';
export type { RateAnswer, RateLimit, RateLimiter } from './ports/rate-limiter';
export { OpaDecisionEngine, type OpaOptions } from './opa/opa-decision-engine';
export { TokenBucketLimiter } from './limits/token-bucket-limiter';
export { HttpClaims, type HttpClaimsOptions } from './claims/http-claims';
export { EntryTooLargeError, FileSpool, type FileSpoolOptions } from './spool/file-spool';
export { SpoolLockedError } from './spool/spool-lock';
export type { SpoolDamage } from './spool/spool-recovery';
export { SpoolSender, type QueueProducer, type SpoolSenderOptions } from './spool/spool-sender';
export { PlaneStateView, type PlaneStateViewOptions, type StateSource } from './plane/plane-state-view';
export { openGuard, type GuardLog, type GuardOptions, type OpenGuard } from './guard/open-guard';
