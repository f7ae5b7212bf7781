import type {
  AgentEntry,
  Contribution,
  DecisionInput,
  DlpAction,
  Finding,
  Obligation,
  Outcome,
  ReasonCode,
  TokenCounts,
  Verdict,
} from '@behavry/contracts';
import type { ConfigView } from '../adapters/plane/config-view';
import type { Identity, SeenRisk, Span } from '../ports/ports';
import type { Examined } from '../large/examine';
import type { ScannedCall } from '../scan/scan-call';
import type { Call } from './call';
import type { Refusal, StopReason } from './refusal';

/** What was decided, before and after a person was asked. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly reasonCode: ReasonCode;
  readonly reason: string;
  readonly isReasonConstant: boolean;
  readonly policy: string | null;
  readonly policyId: string;
  readonly policyVersion: number;
}

/** How an exchange ended. */
export interface Settlement {
  readonly outcome: Outcome;
  readonly responseCode: number | null;
  readonly error: ReasonCode | null;
}

/** What goes upstream of a call: its parts as they came, or with findings taken out. */
export interface Outbound {
  readonly arguments: unknown;
  readonly beside: unknown;
  readonly isChanged: boolean;
}

export interface ExchangeStart {
  /** UUIDv7; also the decision id and the id of the audit row. */
  readonly id: string;
  readonly kind: 'mcp' | 'llm';
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Bearer token as sent; undefined when there was none. */
  readonly token: string | undefined;
  /** MCP server id; empty for models. */
  readonly serverId: string;
  /** Model provider; empty for tools. */
  readonly provider?: string;
  readonly model?: string;
  /** Bytes of the request's body. */
  readonly size?: number;
  /** The exchange inside which this one happens (a tool call in a model's answer). */
  readonly parent?: Exchange;
  /** In which it happens, when its request is traced. */
  readonly span?: Span | undefined;
}

const UNKNOWN_RISK: SeenRisk = { score: 0, tier: 'unknown' };

/**
 * One exchange on its way through the stages. All fields exist from the start; each stage fills its own,
 * and later ones read them.
 */
export class Exchange {
  readonly id: string;
  readonly kind: 'mcp' | 'llm';
  readonly startedAt: number;
  readonly token: string | undefined;
  readonly serverId: string;
  readonly provider: string;
  readonly size: number;
  readonly parent: Exchange | null;
  /** Undefined unless it is traced, which most are not. */
  readonly span: Span | undefined;
  model: string;
  /** MCP method out of the closed list of those that are known; empty for any other. */
  method = '';
  keySource: DecisionInput['request']['key_source'] = 'none';

  // identify, agent-status
  identity: Identity | null;
  config: ConfigView | null = null;
  agent: AgentEntry | null = null;
  risk: SeenRisk = UNKNOWN_RISK;
  // parse
  call: Call | null = null;
  /** Set when the call's content was read in a thread: then it stands here and not in `call`. */
  examined: Examined | null = null;
  // blast-radius, scan-outbound
  blast: Judgement | null = null;
  scanned: Omit<ScannedCall, 'left'> | null = null;
  dlpAction: DlpAction = 'none';
  // decide, hold
  judgement: Judgement | null = null;
  obligations: readonly Obligation[] = [];
  contributions: readonly Contribution[] = [];
  bundleRevision: string | null = null;
  engine: string | null = null;
  inputHash: string | null = null;
  escalationId: string | null = null;
  outbound: Outbound = { arguments: null, beside: null, isChanged: false };
  /** `traceparent` that goes upstream in place of the caller's; null: what the caller sent. */
  traceUpstream: string | null = null;
  // what comes back
  inboundDlp: Finding[] = [];
  inboundInjection: Finding[] = [];
  inboundAction: DlpAction = 'none';
  inboundBytes = 0;
  tokens: TokenCounts | null = null;
  // audit
  /** Known with the request. */
  extra: Record<string, unknown> = {};
  /** What is known only after it was forwarded; together with `extra` in the row. */
  readonly outcomeExtra: Record<string, unknown> = {};
  refusal: Refusal<unknown> | null = null;
  /** Resolves when the decision is on stable storage; rejects when it cannot be written. */
  recorded: Promise<void> = Promise.resolve();
  settlement: Settlement | null = null;
  /** When it began, in ms of the process's own clock. */
  readonly begunAt = performance.now();
  /** How much of its time others took so far, in ms: the upstream, a person, a delay on purpose. */
  waitedMs = 0;

  #abort: AbortController | null = null;
  #stopReason: StopReason | null = null;
  #settle: ((settlement: Settlement) => void) | null = null;
  readonly #releases: (() => void)[] = [];
  readonly #children = new Set<Exchange>();

  constructor(start: ExchangeStart) {
    this.id = start.id;
    this.kind = start.kind;
    this.startedAt = start.startedAt;
    this.token = start.token;
    this.serverId = start.serverId;
    this.provider = start.provider ?? '';
    this.model = start.model ?? '';
    this.size = start.size ?? 0;
    this.parent = start.parent ?? null;
    this.identity = this.parent?.identity ?? null;
    this.span = (this.parent?.span ?? start.span)?.start(
      'exchange',
      this.kind === 'mcp' && !this.parent ? 'server' : 'internal',
    );
    if (this.parent) this.parent.#adopt(this);
  }

  /** Aborted when the client goes away or the exchange is stopped; give it to everything that waits. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#stopReason !== null) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  get stopReason(): StopReason | null {
    return this.#stopReason;
  }

  hasObligation(name: Obligation['name']): boolean {
    return this.obligations.some((obligation) => obligation.name === name);
  }

  /** Ends the exchange from outside, with all that happens inside it; only the first reason counts. */
  stop(reason: StopReason): void {
    if (this.#stopReason !== null || this.settlement !== null) return;
    this.#stopReason = reason;
    this.#abort?.abort();
    for (const child of this.#children) child.stop(reason);
  }

  /** @param release called once when the exchange is over, however it ends */
  hold(release: () => void): void {
    this.#releases.push(release);
  }

  /** Gives back what the exchange held; for `runExchange`. */
  release(): void {
    for (const release of this.#releases.splice(0)) release();
  }

  /** @param settle called once with how the exchange ended; for `runExchange` */
  onSettle(settle: (settlement: Settlement) => void): void {
    this.#settle = settle;
  }

  /**
   * Records how the exchange ended; only the first call counts. Called by `runExchange` for whole
   * answers, and by the proxy at the end of a stream.
   */
  settle(settlement: Settlement): void {
    if (this.settlement !== null) return;
    this.settlement = settlement;
    this.#settle?.(settlement);
  }

  #adopt(child: Exchange): void {
    this.#children.add(child);
    child.hold(() => this.#children.delete(child));
    if (this.#stopReason !== null) child.stop(this.#stopReason);
  }
}
