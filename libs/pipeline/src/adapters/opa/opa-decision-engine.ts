import { isObject, type DecisionInput } from '@behavry/contracts';
import { Pool } from 'undici';
import type { DecisionEngine, EngineAnswer, EngineFault } from '../../ports/ports';
import { CircuitBreaker } from './circuit-breaker';
import { GenerationMark, type GenerationOptions } from './generation-mark';
import { readPolicyDecision } from './policy-decision';

const DECISION_PATH = '/v1/data/behavry/authz/decision';
const REVISION_PATH = '/v1/data/behavry/authz/revision';
const HEADERS = { 'content-type': 'application/json' };
const MAX_ANSWER_BYTES = 256 * 1024;

/** Ceiling for the question after a dropped connection; it is answered from memory. */
const PROBE_MS = 500;

export interface OpaOptions extends GenerationOptions {
  /** Path of OPA's unix socket; takes precedence over `url`. */
  readonly socket?: string;
  /** Base URL, for example `http://127.0.0.1:8181`. */
  readonly url?: string;
  /** Ceiling for one decision. */
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly connections?: number;
}

type Asked =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly fault: EngineFault };

/**
 * Asks a local OPA over its REST API. Every failure is an answer with its own reason code, so it denies. Only a
 * failure to reach OPA makes it stop asking for a while: one agent's heavy call, however it ends, must not refuse
 * the others. A decision by policies older than those seen before counts as a fault.
 */
export class OpaDecisionEngine implements DecisionEngine {
  readonly name = 'opa';
  readonly #pool: Pool;
  readonly #timeoutMs: number;
  readonly #breaker: CircuitBreaker;
  readonly #mark: GenerationMark;
  #probing: Promise<boolean> | undefined;

  /** @throws Error when `generationFile` exists and cannot be read */
  constructor(options: OpaOptions) {
    const { socket, url = 'http://localhost', timeoutMs, now, connections = 32 } = options;
    this.#timeoutMs = timeoutMs;
    this.#breaker = new CircuitBreaker(now);
    this.#mark = new GenerationMark(options);
    this.#pool = new Pool(socket === undefined ? url : 'http://localhost', {
      connections,
      pipelining: 1,
      connect: { timeout: timeoutMs },
      ...(socket === undefined ? {} : { socketPath: socket }),
      // The deadline below bounds the whole exchange; these only catch what it cannot see.
      headersTimeout: timeoutMs + 1_000,
      bodyTimeout: timeoutMs + 1_000,
      keepAliveTimeout: 30_000,
    });
  }

  async decide(input: DecisionInput, signal?: AbortSignal): Promise<EngineAnswer> {
    const asked = await this.#ask(DECISION_PATH, JSON.stringify({ input }), signal);
    if (!asked.ok) return asked;
    const decision = readPolicyDecision(asked.result);
    if (!decision) return { ok: false, fault: 'opa_malformed' };
    return this.#mark.accepts(decision.generation)
      ? { ok: true, decision }
      : { ok: false, fault: 'policy_outdated' };
  }

  async revision(): Promise<string | undefined> {
    const asked = await this.#ask(REVISION_PATH, '{"input":{}}');
    return asked.ok && typeof asked.result === 'string' && asked.result !== '' ? asked.result : undefined;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #ask(path: string, body: string, signal?: AbortSignal): Promise<Asked> {
    if (!this.#breaker.permits()) return { ok: false, fault: 'opa_unreachable' };
    const deadline = new AbortController();
    const abort = (): void => {
      deadline.abort();
    };
    const timer = setTimeout(abort, this.#timeoutMs);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const asked = await this.#request(path, body, deadline.signal);
      this.#breaker.report(true);
      return asked;
    } catch (error) {
      if (deadline.signal.aborted || isTimeout(error)) {
        this.#breaker.forget();
        return { ok: false, fault: 'opa_timeout' };
      }
      const isReached = isDropped(error) && (await this.#answers());
      this.#breaker.report(isReached);
      return { ok: false, fault: isReached ? 'opa_error' : 'opa_unreachable' };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  /**
   * Whether OPA still takes questions: a call that made it drop the connection says nothing about others. Asked once
   * for all that were dropped together; slowness is no failure to reach it.
   */
  async #answers(): Promise<boolean> {
    this.#probing ??= this.#send(REVISION_PATH, '{"input":{}}', AbortSignal.timeout(PROBE_MS))
      .then(async ({ body }) => {
        await body.dump();
        return true;
      })
      .catch((error: unknown) => isTimeout(error))
      .finally(() => (this.#probing = undefined));
    return this.#probing;
  }

  async #request(path: string, body: string, signal: AbortSignal): Promise<Asked> {
    const response = await this.#send(path, body, signal);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) return { ok: false, fault: 'opa_malformed' };
      chunks.push(chunk);
    }
    if (response.statusCode !== 200) return { ok: false, fault: 'opa_error' };
    const answer = parse(Buffer.concat(chunks).toString('utf8'));
    if (!isObject(answer)) return { ok: false, fault: 'opa_malformed' };
    return Object.hasOwn(answer, 'result')
      ? { ok: true, result: answer['result'] }
      : { ok: false, fault: 'opa_undefined' };
  }

  async #send(path: string, body: string, signal: AbortSignal): ReturnType<Pool['request']> {
    const request = { path, method: 'POST' as const, headers: HEADERS, body, signal };
    try {
      return await this.#pool.request(request);
    } catch (error) {
      // A kept connection that OPA closed meanwhile: asking twice is harmless, a decision changes nothing.
      if (signal.aborted || !isDropped(error)) throw error;
      return this.#pool.request(request);
    }
  }
}

function isDropped(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

function isTimeout(error: unknown): boolean {
  const { name, code } = error as NodeJS.ErrnoException;
  return name === 'TimeoutError' || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
