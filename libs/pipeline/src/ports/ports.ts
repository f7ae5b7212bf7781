import type {
  ClaimAnswer,
  ClaimRequest,
  DecisionInput,
  Outcome,
  PolicyDecision,
  ReasonCode,
  SeenRiskTier,
  SpoolEntry,
  Standing,
  StandingRequest,
  Verdict,
} from '@behavry/contracts';
import type { ConfigView } from '../adapters/plane/config-view';

/** Names, codes and numbers; never text of a call, an answer, a header or a query. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** One measured step of an exchange that is traced. */
export interface Span {
  readonly traceId: string;
  /** W3C `traceparent` for whoever is asked within it. */
  readonly traceparent: string;
  /** Begins a step inside; `client` asks somebody else. */
  start(name: string, kind?: 'internal' | 'client' | 'server'): Span;
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  /** Only the first call counts. @param fault a code, when it failed */
  end(fault?: string): void;
}

/** Who an exchange comes from, as its token says. */
export interface Identity {
  readonly agentId: string;
  /** `jti` of the token; of a key the session of its day. */
  readonly sessionId: string;
  readonly tenantId: string;
  /** Milliseconds since the Unix epoch; of a key when it was used. */
  readonly issuedAt: number;
}

/** Turns a bearer token, or a key that stands for one, into an identity. */
export interface Identify {
  /** @returns the identity, or undefined for a token that is not valid here and now */
  identify(token: string): Identity | undefined;
  /** As {@link identify}, but waits a short while for what may make it valid. */
  identifySoon(token: string): Promise<Identity | undefined>;
}

/** An agent's risk as this plane knows it. */
export interface SeenRisk {
  readonly score: number;
  readonly tier: SeenRiskTier;
}

/** The plane's state as an exchange reads it: all of it at hand, nothing waited for. */
export interface PlaneView {
  /** The configuration in force; undefined before the first one arrives. */
  readonly config: ConfigView | undefined;
  /** Whether the state is too old to be trusted for revocations. */
  readonly isStale: boolean;
  riskOf(agentId: string): SeenRisk;
  hasSessionEnded(sessionId: string): boolean;
  /** Asks for a configuration that knows the agent, and waits a short while for it (lifecycle: new agents). */
  refreshConfig(agentId: string): Promise<void>;
}

export interface RateLimit {
  readonly key: string;
  /** Sustained calls a minute, also the size of a burst. */
  readonly perMinute: number;
}

export type RateAnswer =
  { readonly allowed: true } | { readonly allowed: false; readonly retryAfterSeconds: number };

/** Counts calls. A call passes all its limits or is counted against none. */
export interface RateLimiter {
  take(limits: readonly RateLimit[]): RateAnswer | Promise<RateAnswer>;
}

/** Why there is no decision. Each means deny. */
export type EngineFault = Extract<
  ReasonCode,
  'opa_unreachable' | 'opa_timeout' | 'opa_undefined' | 'opa_malformed' | 'opa_error' | 'policy_outdated'
>;

export type EngineAnswer =
  | { readonly ok: true; readonly decision: PolicyDecision }
  | { readonly ok: false; readonly fault: EngineFault };

/** Decides calls by the tenant's policies. Never throws: a failure is an answer. The input is bounded before. */
export interface DecisionEngine {
  /** Name that audit rows give it. */
  readonly name: string;
  /**
   * @param signal ends the wait when the exchange is over; the answer then does not matter
   * @param traceparent of the span that waits, when the exchange is traced
   */
  decide(input: DecisionInput, signal?: AbortSignal, traceparent?: string): Promise<EngineAnswer>;
  /** @returns revision of the policies in force, undefined when there is none or nobody answers */
  revision(): Promise<string | undefined>;
}

/**
 * Asks whether a person has approved exactly this call. Never throws: undefined means nobody could be asked. A signal
 * ends the wait when the exchange is over.
 */
export interface Claims {
  claim(request: ClaimRequest, signal: AbortSignal): Promise<ClaimAnswer | undefined>;
  /** Asks how escalations stand, in the order of their ids, and uses nothing up. */
  standing(request: StandingRequest, signal: AbortSignal): Promise<readonly Standing[] | undefined>;
}

/** Where records are made durable before an answer leaves. */
export interface AuditSpool {
  /** Whether new exchanges must be refused because they could not be recorded. */
  readonly isFull: boolean;
  /**
   * @returns when the entry is on stable storage
   * @throws when it could not be written
   */
  append(entry: SpoolEntry): Promise<void>;
}

/** What is counted about an exchange; every label is from a closed list. */
export interface ExchangeMetrics {
  decided(event: { readonly verdict: Verdict; readonly reasonCode: ReasonCode }): void;
  settled(event: {
    readonly outcome: Outcome;
    readonly milliseconds: number;
    /** Of an exchange that is traced. */
    readonly traceId?: string | undefined;
  }): void;
  rejected(event: { readonly reasonCode: ReasonCode | 'unauthenticated' }): void;
  /** The policy engine was asked; `revision` is that of the policies that answered. */
  asked(event: {
    readonly milliseconds: number;
    readonly fault: EngineFault | null;
    readonly revision: string | null;
  }): void;
  /** An answer is ready. @param milliseconds what the plane itself took: no upstream, no person, no delay on purpose */
  answered(milliseconds: number): void;
  /** A call begins (1) or ends (-1) to wait for a person. */
  held(change: 1 | -1): void;
}
