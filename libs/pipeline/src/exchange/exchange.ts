import { setMaxListeners } from 'node:events';
import type { Finding, Obligation, Outcome, ReasonCode, RiskScore, Verdict } from '@behavry/contracts';
import type { ConfigView } from '../plane/config-view';
import type { Identity } from '../ports/identify';
import type { Call } from './call';
import type { Refusal } from './refusal';

export type DlpAction = 'none' | 'logged' | 'blocked' | 'redacted';

/** What was decided, before and after a person was asked. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly reasonCode: ReasonCode;
  readonly reason: string;
  readonly policy: string | null;
}

/** How an exchange ended. */
export interface Settlement {
  readonly outcome: Outcome;
  readonly responseCode: number | null;
  readonly error: ReasonCode | null;
}

/** Why a running exchange was ended from outside. */
export type StopReason = Extract<
  ReasonCode,
  'client_aborted' | 'kill_switch' | 'agent_suspended' | 'agent_unknown' | 'session_revoked'
>;

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
  readonly model: string;
  /** The exchange inside which this one happens (a tool call in a model's answer). */
  readonly parent?: Exchange;
}

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
  readonly parent: Exchange | null;
  model: string;

  // identify, agent-status
  identity: Identity | null;
  config: ConfigView | null = null;
  risk: RiskScore = { score: 0, tier: 'low' };
  // parse
  call: Call | null = null;
  // relationships
  requester = { id: '', channel: '', verified: false };
  workflowSession: { readonly id: string } | null = null;
  delegation: unknown = null;
  // blast-radius, scan-outbound
  blast: Judgement | null = null;
  dlpFindings: readonly Finding[] = [];
  injectionFindings: readonly Finding[] = [];
  dlpAction: DlpAction = 'none';
  // decide, hold
  judgement: Judgement | null = null;
  obligations: readonly Obligation[] = [];
  bundleRevision: string | null = null;
  engine: string | null = null;
  inputHash: string | null = null;
  escalationId: string | null = null;
  /** What is forwarded: `call.arguments`, or their redacted form. */
  outboundArguments: unknown = null;
  isOutboundChanged = false;
  // scan-inbound
  inboundFindings: Finding[] = [];
  inboundAction: DlpAction = 'none';
  inboundBytes = 0;
  // audit
  extra: Record<string, unknown> = {};
  refusal: Refusal | null = null;
  /** Resolves when the decision is on stable storage; rejects when it cannot be written. */
  recorded: Promise<void> = Promise.resolve();
  settlement: Settlement | null = null;

  readonly #abort = new AbortController();
  #stopReason: StopReason | null = null;
  #settle: ((settlement: Settlement) => void) | null = null;

  constructor(start: ExchangeStart) {
    this.id = start.id;
    this.kind = start.kind;
    this.startedAt = start.startedAt;
    this.token = start.token;
    this.serverId = start.serverId;
    this.model = start.model;
    this.parent = start.parent ?? null;
    this.identity = start.parent?.identity ?? null;
    // A list is previewed with many decisions at once, and each of them listens.
    setMaxListeners(0, this.#abort.signal);
    start.parent?.signal.addEventListener(
      'abort',
      () => {
        this.stop(start.parent?.stopReason ?? 'client_aborted');
      },
      { once: true },
    );
  }

  /** Aborted when the client goes away or the exchange is stopped; give it to everything that waits. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get stopReason(): StopReason | null {
    return this.#stopReason;
  }

  /** Ends the exchange from outside; only the first reason counts. */
  stop(reason: StopReason): void {
    if (this.#stopReason !== null || this.settlement !== null) return;
    this.#stopReason = reason;
    this.#abort.abort();
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
}
