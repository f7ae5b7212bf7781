import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '@behavry/components';
import type { AuditEvent } from '@behavry/contracts';
import { PlaneClient } from '@behavry/runner';

const DECISION_HEADER = 'x-behavry-decision';
/** Two workers, five calls a second each. */
const WORKERS = 2;
const BETWEEN_CALLS_MS = 200;
const AFTER_FAILURE_MS = 300;
const CALL_MS = 20_000;

export interface Agent {
  readonly agent_id: string;
  readonly client_id: string;
  readonly client_secret: string;
}

interface Session {
  readonly headers: Readonly<Record<string, string>>;
}

/** What became of the calls of some time. */
export interface Tally {
  readonly answered: number;
  readonly failed: number;
  /** What the failed ones came to, most often first. */
  readonly failures: string;
  /** The longest time without any answered call. */
  readonly silentMs: number;
}

/** An agent that calls an allowed tool all the time, by plain HTTP, and keeps the decision's id of each answer. */
export class Load {
  readonly #decisions: string[] = [];
  readonly #stopped = new AbortController();
  readonly #workers: Promise<void>[] = [];
  readonly #failures = new Map<string, number>();
  #answered = 0;
  #failed = 0;
  #lastAnswer = performance.now();
  #silentMs = 0;

  constructor(
    private readonly url: string,
    private readonly agent: Agent,
  ) {}

  start(): void {
    this.#lastAnswer = performance.now();
    for (let worker = 0; worker < WORKERS; worker += 1) this.#workers.push(this.#work());
  }

  /** What became of the calls since this was asked last. */
  tally(): Tally {
    const silentMs = Math.max(this.#silentMs, performance.now() - this.#lastAnswer);
    const tally = { answered: this.#answered, failed: this.#failed, failures: this.failures, silentMs };
    [this.#answered, this.#failed, this.#silentMs] = [0, 0, 0];
    this.#failures.clear();
    return tally;
  }

  /** Waits until calls are answered again. @throws Error when that takes more than a minute */
  async isAnswered(): Promise<void> {
    const before = this.#decisions.length;
    const isAnswered = await waitUntil(() => this.#decisions.length >= before + 10, {
      timeoutMs: 60_000,
      everyMs: 100,
    });
    if (!isAnswered) throw new Error(`calls are not answered any more: ${this.failures}`);
  }

  /** Ids of the decisions of every call that was answered. */
  get decisions(): readonly string[] {
    return this.#decisions;
  }

  /** What failed calls came to since the last tally, most often first. */
  get failures(): string {
    return [...this.#failures]
      .sort(([, a], [, b]) => b - a)
      .slice(0, 6)
      .map(([what, count]) => `${count} × ${what}`)
      .join(', ');
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    let session: Session | undefined;
    while (!this.#stopped.signal.aborted) {
      try {
        session ??= await this.#connect();
        const answer = await this.#post(session.headers, {
          method: 'tools/call',
          id: 2,
          params: { name: 'echo', arguments: { message: 'operations' } },
        });
        const decision = answer.headers.get(DECISION_HEADER);
        const text = await answer.text();
        if (!answer.ok || decision === null || !text.includes('"result"'))
          throw new Error(`${answer.status} ${text.slice(0, 80)}`);
        this.#noteAnswer(decision);
        await delay(BETWEEN_CALLS_MS);
      } catch (error) {
        session = undefined;
        this.#noteFailure(error);
        await delay(AFTER_FAILURE_MS);
      }
    }
  }

  #noteAnswer(decision: string): void {
    const now = performance.now();
    this.#decisions.push(decision);
    this.#answered += 1;
    this.#silentMs = Math.max(this.#silentMs, now - this.#lastAnswer);
    this.#lastAnswer = now;
  }

  #noteFailure(error: unknown): void {
    this.#failed += 1;
    const { message, cause } = error as Error;
    const what = cause instanceof Error ? `${message}: ${cause.message}` : message;
    this.#failures.set(what, (this.#failures.get(what) ?? 0) + 1);
  }

  async #connect(): Promise<Session> {
    const { client_id, client_secret } = this.agent;
    const { access_token } = await PlaneClient.anonymous(this.url).call<{ access_token: string }>(
      'POST',
      '/api/v1/auth/token',
      { grant_type: 'client_credentials', client_id, client_secret },
    );
    const authorized = { authorization: `Bearer ${access_token}` };
    const answer = await this.#post(authorized, {
      method: 'initialize',
      id: 1,
      params: {
        protocolVersion: '2025-06-18',
        capabilities: {},
        clientInfo: { name: 'operations', version: '1' },
      },
    });
    const text = await answer.text();
    const id = answer.headers.get('mcp-session-id');
    if (!answer.ok || id === null) throw new Error(`initialize: ${answer.status} ${text.slice(0, 80)}`);
    const headers = { ...authorized, 'mcp-session-id': id, 'mcp-protocol-version': '2025-06-18' };
    await (await this.#post(headers, { method: 'notifications/initialized' })).text();
    return { headers };
  }

  #post(headers: Readonly<Record<string, string>>, message: object): Promise<Response> {
    return fetch(`${this.url}/mcp/v1/everything`, {
      method: 'POST',
      headers: {
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      signal: AbortSignal.timeout(CALL_MS),
    });
  }
}

/** Enrols the agent of a load. */
export async function enrolAgent(control: PlaneClient): Promise<Agent> {
  const { token } = await control.call<{ token: string }>('POST', '/api/v1/enrollment/tokens', {
    label: 'Operations',
  });
  return PlaneClient.anonymous(control.url).call<Agent>('POST', '/api/v1/enroll', {
    token,
    name: `operations-${Date.now()}`,
    agent_type: 'operations',
  });
}

/**
 * Waits until each of these decisions is in the record.
 * @returns how many rows the agent has
 * @throws Error that says how many are missing
 */
export async function allRecorded(
  person: PlaneClient,
  agentId: string,
  decisions: readonly string[],
): Promise<number> {
  let missing: readonly string[] = decisions;
  let rows = 0;
  await waitUntil(
    async () => {
      const text = await person.callText('GET', `/api/v1/audit/export?format=ndjson&agent_id=${agentId}`);
      const lines = text.split('\n').filter((line) => line !== '');
      const ids = lines.map((line) => (JSON.parse(line) as AuditEvent).id);
      if (new Set(ids).size !== ids.length) throw new Error('a record is there twice');
      rows = ids.length;
      const known = new Set(ids);
      missing = decisions.filter((id) => !known.has(id));
      return missing.length === 0;
    },
    { timeoutMs: 60_000, everyMs: 3_000 },
  );
  if (missing.length > 0)
    throw new Error(
      `${missing.length} of ${decisions.length} answered calls have no record: ${missing[0]} …`,
    );
  return rows;
}
