import { setTimeout as delay } from 'node:timers/promises';
import type { DecisionInput } from '@behavry/contracts';
import { OpaDecisionEngine } from '@behavry/pipeline';

/** An input as the shipped policies know it. */
const INPUT: DecisionInput = {
  agent: { id: 'a1', roles: [], permissions: [], risk_tier: 'low', risk_score: 0 },
  request: {
    kind: 'mcp',
    phase: 'outbound',
    tool_name: 'read_file',
    action: 'read',
    action_class: 'read',
    resource: '',
    parameters: {},
    mcp_server: 's1',
    provider: '',
    model: '',
    key_source: 'none',
    resource_count: 1,
    truncated: [],
    unscanned: [],
  },
  session: { id: 'j1' },
  requester: { id: '', channel: '', verified: false },
  workflow_session: null,
  delegation: null,
  dlp: { findings: [] },
  injection: { findings: [] },
  context: {},
};

/** What the proxies ask OPA with. */
export function engineFor(address: { socket: string } | { url: string; token?: string }): OpaDecisionEngine {
  return new OpaDecisionEngine({ ...address, timeoutMs: 10_000, now: () => performance.now() });
}

export function decide(engine: OpaDecisionEngine): ReturnType<OpaDecisionEngine['decide']> {
  return engine.decide(INPUT);
}

/**
 * Asks without pause, several at once, until it is told to end: on connections that are kept, as a busy proxy does, or
 * on a new one for each decision, as one does that has just started.
 */
export class Stream {
  readonly revisions = new Set<string>();
  readonly faults: string[] = [];
  count = 0;
  /** Longest time in which no decision came, in ms. */
  longestGapMs = 0;
  #lastAt = performance.now();
  #isOver = false;
  readonly #askers: readonly Promise<void>[];

  constructor(
    private readonly open: () => OpaDecisionEngine,
    askers: number,
    private readonly connections: 'kept' | 'new' = 'kept',
  ) {
    this.#askers = Array.from({ length: askers }, () => this.#ask());
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#askers);
  }

  async #ask(): Promise<void> {
    let engine = this.open();
    while (!this.#isOver) {
      const answer = await decide(engine);
      if (this.connections === 'new') {
        await engine.close();
        engine = this.open();
      }
      if (answer.ok) {
        const now = performance.now();
        this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastAt);
        this.#lastAt = now;
        this.count += 1;
        this.revisions.add(answer.decision.revision);
      } else this.faults.push(answer.fault);
      await delay(1);
    }
    await engine.close();
  }
}
