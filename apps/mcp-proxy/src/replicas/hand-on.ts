import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Counter, type Registry } from 'prom-client';
import { Agent } from 'undici';
import { sendRequest, type IncomingResponse } from '@behavry/pipeline';
import { bearerOf, overSignal, type Logger } from '@behavry/platform';
import { bodyOf, hangUp } from '@behavry/proxy';
import { FAULTS } from '../exchange/mcp-fault';
import { sendFault } from '../http/answers';

/** Under which a handed-on request comes to its owner. */
export const HANDED_ON_PATH = '/internal/mcp';
/** The agent's own token; `Authorization` shows that the plane hands on. */
export const AGENT_TOKEN_HEADER = 'x-behavry-agent-token';

/** What an exchange reads of a request beside its body. */
const CARRIED = ['mcp-session-id', 'mcp-protocol-version', 'last-event-id', 'traceparent', 'tracestate'];
/** Of this hop, or said anew by this one. */
const NOT_CARRIED_BACK = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date']);

/** Above the longest call, after which its owner itself says that it took too long. */
const HEADERS_TIMEOUT_MS = 90_000;
/** Streams are never silent for so long: their owner sends comments. */
const BODY_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 2_000;
/** A longer answer is not gathered. */
const GATHERED_BYTES = 64 * 1024;

/** Failures before anything was sent. */
const NEVER_SENT: ReadonlySet<string | undefined> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

export interface HandOnOptions {
  /** The plane-internal bearer. */
  readonly bearer: string;
  readonly log: Logger;
  readonly metrics: Registry;
}

/**
 * Hands a request on to the replica that has its session, and the answer back, each side as fast as the other reads.
 * The exchange runs there, once; here nothing is counted, decided or recorded. Who asks was checked before, and is
 * checked there again.
 */
export class HandOn {
  readonly #agent = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS } });
  readonly #handedOn: Counter<'result'>;
  /** Ends the streams that only listen; they would keep a closing server waiting. */
  readonly #listening = new Set<Readable>();

  constructor(private readonly options: HandOnOptions) {
    this.#handedOn = new Counter({
      name: 'behavry_mcp_proxy_handed_on_total',
      help: 'Requests handed on to the replica that has their session, by what came of it.',
      labelNames: ['result'],
      registers: [options.metrics],
    });
  }

  /** @param owner base URL of its ops port */
  async send(request: FastifyRequest, reply: FastifyReply, owner: string): Promise<FastifyReply> {
    let answer: IncomingResponse;
    try {
      answer = await sendRequest(this.#agent, {
        origin: owner,
        method: request.method as 'GET' | 'POST' | 'DELETE',
        path: `${HANDED_ON_PATH}/${encodeURIComponent((request.params as { serverId: string }).serverId)}`,
        headers: this.#headersOf(request),
        body: request.method === 'POST' ? bodyOf(request) : null,
        headersTimeout: HEADERS_TIMEOUT_MS,
        bodyTimeout: BODY_TIMEOUT_MS,
        maxBytes: GATHERED_BYTES,
        signal: overSignal(reply.raw),
        isStream: (_status, headers) => !(Number(headers['content-length']) <= GATHERED_BYTES),
      });
    } catch (error) {
      return this.#failed(reply, error);
    }
    this.#handedOn.inc({ result: 'answered' });
    const headers = carriedBack(answer.headers);
    if (headers['content-type']?.startsWith('text/event-stream') !== true || Buffer.isBuffer(answer.body))
      return reply.code(answer.statusCode).headers(headers).send(answer.body);
    await this.#pass(reply, answer.statusCode, headers, answer.body, request.method === 'GET');
    return reply;
  }

  /** Ends what only listens: this process is on its way out. */
  stopListeners(): void {
    for (const stream of this.#listening) stream.destroy();
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #headersOf({ headers }: FastifyRequest): Record<string, string> {
    const carried: Record<string, string> = {
      authorization: `Bearer ${this.options.bearer}`,
      [AGENT_TOKEN_HEADER]: bearerOf(headers.authorization) ?? '',
      'content-type': 'application/json',
    };
    for (const name of CARRIED) {
      const value = headers[name];
      if (typeof value === 'string') carried[name] = value;
    }
    return carried;
  }

  /** An event stream may stay silent: its client must still learn that it is open. */
  async #pass(
    reply: FastifyReply,
    status: number,
    headers: Record<string, string>,
    events: Readable,
    isListening: boolean,
  ): Promise<void> {
    const { raw } = reply.hijack();
    raw.writeHead(status, headers);
    raw.flushHeaders();
    if (isListening) this.#listening.add(events);
    // What breaks off on one side is broken off on the other.
    await pipeline(events, raw).catch(() => undefined);
    this.#listening.delete(events);
  }

  /** Nothing was sent: the session is gone with its replica. Else nobody knows what became of the request. */
  #failed(reply: FastifyReply, error: unknown): FastifyReply {
    if (reply.raw.destroyed) return hangUp(reply);
    const { code } = error as NodeJS.ErrnoException;
    const isGone = NEVER_SENT.has(code);
    this.#handedOn.inc({ result: isGone ? 'gone' : 'failed' });
    this.options.log.warn({ code }, 'the replica that has a session did not answer');
    return sendFault(reply, isGone ? FAULTS.unknownSession : FAULTS.ownerFailed);
  }
}

function carriedBack(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && !NOT_CARRIED_BACK.has(entry[0]),
    ),
  );
}
