import { isObject, parsedJson, type DecisionInput } from '@behavry/contracts';
import { Pool } from 'undici';
import type { DecisionEngine, EngineAnswer, EngineFault } from '../../ports/ports';
import {
  AnswerTooLargeError,
  sendRequest,
  type IncomingResponse,
  type OutgoingRequest,
} from '../../http/send-request';
import { CircuitBreaker } from './circuit-breaker';
import { GenerationMark, type GenerationOptions } from './generation-mark';
import { readPolicyDecision } from './policy-decision';

const DECISION_PATH = '/v1/data/behavry/authz/decision';
const REVISION_PATH = '/v1/data/behavry/authz/revision';
type Headers = Readonly<Record<string, string>>;
const MAX_ANSWER_BYTES = 256 * 1024;

/** Ceiling for the question after a dropped connection; it is answered from memory. */
const PROBE_MS = 500;

export interface OpaOptions extends GenerationOptions {
  /** Path of OPA's unix socket; takes precedence over `url`. */
  readonly socket?: string;
  /** Base URL, for example `http://127.0.0.1:8181`. */
  readonly url?: string;
  /** What OPA wants to be shown. */
  readonly token?: string;
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
  readonly #headers: Headers;
  readonly #timeoutMs: number;
  readonly #breaker: CircuitBreaker;
  readonly #mark: GenerationMark;
  #probing: Promise<boolean> | undefined;

  /** @throws Error when `generationFile` exists and cannot be read */
  constructor(options: OpaOptions) {
    const { socket, url = 'http://localhost', token, timeoutMs, now, connections = 32 } = options;
    this.#headers = {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    this.#timeoutMs = timeoutMs;
    this.#breaker = new CircuitBreaker(now);
    this.#mark = new GenerationMark(options);
    this.#pool = new Pool(socket === undefined ? url : 'http://localhost', {
      connections,
      pipelining: 1,
      connect: { timeout: timeoutMs },
      ...(socket === undefined ? {} : { socketPath: socket }),
      keepAliveTimeout: 30_000,
    });
  }

  async decide(input: DecisionInput, signal?: AbortSignal, traceparent?: string): Promise<EngineAnswer> {
    const headers = traceparent === undefined ? this.#headers : { ...this.#headers, traceparent };
    const asked = await this.#ask(DECISION_PATH, JSON.stringify({ input }), signal, headers);
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

  async #ask(path: string, body: string, signal?: AbortSignal, headers = this.#headers): Promise<Asked> {
    if (!this.#breaker.permits()) return { ok: false, fault: 'opa_unreachable' };
    try {
      const asked = await this.#request(path, body, headers, signal);
      this.#breaker.report(true);
      return asked;
    } catch (error) {
      if (signal?.aborted === true || isTimeout(error)) {
        this.#breaker.forget();
        return { ok: false, fault: 'opa_timeout' };
      }
      const isReached = error instanceof AnswerTooLargeError || (isDropped(error) && (await this.#answers()));
      this.#breaker.report(isReached);
      if (error instanceof AnswerTooLargeError) return { ok: false, fault: 'opa_malformed' };
      return { ok: false, fault: isReached ? 'opa_error' : 'opa_unreachable' };
    }
  }

  /**
   * Whether OPA still takes questions: a call that made it drop the connection says nothing about others. Asked once
   * for all that were dropped together; slowness is no failure to reach it.
   */
  async #answers(): Promise<boolean> {
    this.#probing ??= this.#send(REVISION_PATH, '{"input":{}}', PROBE_MS, this.#headers)
      .then(() => true)
      .catch((error: unknown) => isTimeout(error))
      .finally(() => (this.#probing = undefined));
    return this.#probing;
  }

  async #request(path: string, body: string, headers: Headers, signal?: AbortSignal): Promise<Asked> {
    const response = await this.#send(path, body, this.#timeoutMs, headers, signal);
    if (response.statusCode !== 200) return { ok: false, fault: 'opa_error' };
    const answer = Buffer.isBuffer(response.body) ? parsedJson(response.body.toString('utf8')) : undefined;
    if (!isObject(answer)) return { ok: false, fault: 'opa_malformed' };
    return Object.hasOwn(answer, 'result')
      ? { ok: true, result: answer['result'] }
      : { ok: false, fault: 'opa_undefined' };
  }

  async #send(
    path: string,
    body: string,
    deadlineMs: number,
    headers: Headers,
    signal?: AbortSignal,
  ): Promise<IncomingResponse> {
    const request: OutgoingRequest = {
      path,
      method: 'POST',
      headers,
      body,
      deadlineMs,
      // The deadline bounds the whole exchange; these only catch what it cannot see.
      headersTimeout: deadlineMs + 1_000,
      bodyTimeout: deadlineMs + 1_000,
      maxBytes: MAX_ANSWER_BYTES,
      ...(signal === undefined ? {} : { signal }),
    };
    try {
      return await sendRequest(this.#pool, request);
    } catch (error) {
      // A kept connection that OPA closed meanwhile: asking twice is harmless, a decision changes nothing.
      if (signal?.aborted === true || !isDropped(error)) throw error;
      return sendRequest(this.#pool, request);
    }
  }
}

function isDropped(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

function isTimeout(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'DEADLINE' || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
}
