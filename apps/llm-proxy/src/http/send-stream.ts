import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refusalFor, refuse, type Exchange, type Refusal } from '@behavry/pipeline';
import { openAiErrorEvent } from '../domain/envelope';
import { statusOf } from '../domain/refusal-status';
import type { StreamEnd } from '../openai/guarded-stream';
import { DECISION_HEADER, errorFacts } from './send-refusal';

/** How long a client may take to read the last word of a stream that was broken off. */
const LAST_WORD_MS = 5_000;

/** What a failure of the provider is called in front of agents. */
export function faultRefusal(fault: Extract<StreamEnd, { kind: 'failed' }>['fault']): Refusal {
  const reason = {
    upstream_timeout: 'the provider did not answer in time',
    upstream_error: 'the provider failed or gave an answer that cannot be understood',
    client_aborted: 'the client went away',
  }[fault];
  return refuse(fault, reason);
}

/**
 * Passes the texts of a stream on, as fast as the client reads, and settles the exchange. A stream that
 * is not complete ends with the dialect's error event and a destroyed connection.
 */
export async function sendStream(
  request: FastifyRequest,
  reply: FastifyReply,
  exchange: Exchange,
  headers: Readonly<Record<string, string>>,
  texts: AsyncGenerator<string, StreamEnd>,
): Promise<void> {
  const { raw } = reply;
  reply.hijack();
  raw.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-store',
    'x-accel-buffering': 'no',
    'x-request-id': request.id,
    [DECISION_HEADER]: exchange.id,
  });
  raw.flushHeaders();
  const end = await pass(raw, texts);
  if (exchange.stopReason === 'client_aborted' || raw.destroyed) {
    exchange.settle({ outcome: 'aborted', responseCode: null, error: 'client_aborted' });
    raw.destroy();
    return;
  }
  if (end.kind === 'complete' && !exchange.stopReason) {
    exchange.settle({ outcome: 'ok', responseCode: 200, error: null });
    raw.end();
    return;
  }
  const refusal = exchange.stopReason ? refusalFor(exchange.stopReason) : refusalOf(end);
  const outcome = exchange.stopReason
    ? 'aborted'
    : end.kind === 'refused'
      ? refusedOutcome(end.refusal)
      : 'upstream_error';
  exchange.settle({ outcome, responseCode: statusOf(refusal), error: refusal.reasonCode });
  breakOff(raw, openAiErrorEvent(errorFacts(refusal, request.id)));
}

/** @returns what becomes of an exchange that was refused on its way back */
export function refusedOutcome({ reasonCode }: Refusal): 'pending' | 'refused' {
  return reasonCode === 'escalation_pending' ? 'pending' : 'refused';
}

function refusalOf(end: StreamEnd): Refusal {
  if (end.kind === 'refused') return end.refusal;
  return faultRefusal(end.kind === 'failed' ? end.fault : 'upstream_error');
}

async function pass(raw: ServerResponse, texts: AsyncGenerator<string, StreamEnd>): Promise<StreamEnd> {
  for (;;) {
    const next = await texts.next();
    if (next.done) return next.value;
    if (raw.destroyed) {
      // Ends the upstream's answer too.
      return texts
        .return({ kind: 'failed', fault: 'client_aborted' })
        .then(() => ({ kind: 'failed', fault: 'client_aborted' }));
    }
    if (!raw.write(next.value)) await drained(raw);
  }
}

async function drained(raw: ServerResponse): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  // Whichever comes first: it was read, or nobody will read it.
  await Promise.race([once(raw, 'drain', { signal }), once(raw, 'close', { signal })]).catch(() => undefined);
  settled.abort();
}

function breakOff(raw: ServerResponse, text: string): void {
  const timer = setTimeout(() => raw.destroy(), LAST_WORD_MS);
  timer.unref();
  raw.write(text, () => {
    clearTimeout(timer);
    raw.destroy();
  });
}
