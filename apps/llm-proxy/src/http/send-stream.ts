import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Outcome } from '@behavry/contracts';
import { isPending, refusalFor, type Exchange, type Refusal } from '@behavry/pipeline';
import { breakOff, DECISION_HEADER, faultOf, sendStreamHead, writeStream } from '@behavry/proxy';
import type { Endpoint } from '../dialects/dialect';
import type { AgentAnswer } from '../exchange/model-adapter';
import { noteTokens } from '../exchange/model-notes';
import { faultRefusal, statusOf } from '../exchange/refusal-status';
import type { StreamEnd } from '../stream/guarded-stream';
import { errorFacts, type Incoming } from './incoming';

/**
 * Passes the texts of a stream on, as fast as the client reads, and settles the exchange. A stream that
 * is not complete ends with the dialect's error event and a destroyed connection.
 */
export async function sendStream(
  incoming: Incoming,
  exchange: Exchange,
  endpoint: Endpoint,
  { headers, texts }: Extract<AgentAnswer, { kind: 'stream' }>,
): Promise<FastifyReply> {
  const { request, reply } = incoming;
  const { raw } = reply;
  reply.hijack();
  sendStreamHead(raw, {
    ...headers,
    'content-type': `${endpoint.framing.contentType}; charset=utf-8`,
    'x-request-id': request.id,
    [DECISION_HEADER]: exchange.id,
  });
  let hasBegun = false;
  const end = await pass(raw, texts, exchange, () => {
    hasBegun = true;
  });
  noteTokens(exchange, exchange.tokens);
  if (exchange.stopReason === 'client_aborted' || raw.destroyed) {
    exchange.settle({ outcome: 'aborted', responseCode: null, error: 'client_aborted' });
    raw.destroy();
    return reply;
  }
  const { outcome, refusal } = endingOf(exchange, end);
  if (refusal) {
    exchange.settle({ outcome, responseCode: statusOf(refusal), error: refusal.reasonCode });
    breakOff(raw, endpoint.errorEvent(errorFacts(incoming, refusal), hasBegun));
  } else {
    exchange.settle({ outcome, responseCode: 200, error: null });
    raw.end();
  }
  return reply;
}

/** What becomes of an exchange whose stream has ended so; without a refusal it is complete. */
function endingOf(
  { stopReason }: Exchange,
  end: StreamEnd,
): { readonly outcome: Outcome; readonly refusal?: Refusal } {
  if (stopReason) return { outcome: 'aborted', refusal: refusalFor(stopReason) };
  switch (end.kind) {
    case 'complete':
      return { outcome: 'ok' };
    case 'refused': {
      return { outcome: isPending(end.refusal) ? 'pending' : 'refused', refusal: end.refusal };
    }
    case 'failed':
      return { outcome: 'upstream_error', refusal: faultRefusal(end.fault) };
  }
}

async function pass(
  raw: ServerResponse,
  texts: AsyncGenerator<string, StreamEnd>,
  exchange: Exchange,
  onText: () => void,
): Promise<StreamEnd> {
  const gone: StreamEnd = { kind: 'failed', fault: 'client_aborted' };
  try {
    for (;;) {
      const next = await texts.next();
      if (next.done) return next.value;
      onText();
      // Ends the upstream's answer too.
      if (!(await writeStream(raw, next.value))) return (await texts.return(gone)).value as StreamEnd;
    }
  } catch (error) {
    return { kind: 'failed', fault: faultOf(error, exchange) };
  }
}
