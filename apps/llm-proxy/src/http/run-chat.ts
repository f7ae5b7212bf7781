import type { FastifyReply, FastifyRequest } from 'fastify';
import { runExchange, type Exchange } from '@behavry/pipeline';
import { statusOf } from '../domain/refusal-status';
import type { LlmParts } from '../llm-proxy.parts';
import { forwardedHeaders, keyOf } from '../openai/chat-headers';
import { ChatAdapter } from '../openai/chat.adapter';
import { refuseRequest, startExchange } from './refuse-request';
import { DECISION_HEADER, sendRefusal } from './send-refusal';
import { faultRefusal, refusedOutcome, sendStream } from './send-stream';

/** Answers one `POST …/chat/completions`. */
export async function runChat(
  parts: LlmParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const { key, isMalformed } = keyOf(request.headers);
  if (isMalformed)
    return refuseRequest(parts, request, reply, 'openai', 'request_malformed', 'X-OpenAI-Key is not a key');
  const exchange = startExchange(parts, request, reply, 'openai');
  const adapter = new ChatAdapter(parts, {
    body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    key: key ?? parts.context.config.openAiKey,
    isOwnKey: key !== undefined,
    headers: forwardedHeaders(request.headers),
  });
  const result = await runExchange(parts.guard, exchange, adapter);
  if (result.type !== 'stream') adapter.discard();
  switch (result.type) {
    case 'refused':
      return sendRefusal(
        request,
        reply,
        'openai',
        result.refusal,
        decisionIdOf(exchange, result.refusal.isRecorded),
      );
    case 'failed':
      return sendRefusal(request, reply, 'openai', faultRefusal(result.fault), exchange.id);
    case 'message':
      if (result.payload.kind !== 'whole') throw new Error('a whole answer that is none');
      return sendWhole(reply, exchange, result.payload, result.isChanged ? result.value : undefined);
    case 'stream': {
      const { payload } = result;
      if (payload.kind === 'stream') {
        await sendStream(request, reply, exchange, payload.headers, payload.texts);
        return undefined;
      }
      if (payload.kind !== 'refused') throw new Error('a stream that is none');
      const { refusal, decisionId } = payload;
      exchange.settle({
        outcome: refusedOutcome(refusal),
        responseCode: statusOf(refusal),
        error: refusal.reasonCode,
      });
      return sendRefusal(request, reply, 'openai', refusal, decisionId);
    }
  }
}

function decisionIdOf({ id }: Exchange, isRecorded: boolean): string | undefined {
  return isRecorded ? id : undefined;
}

async function sendWhole(
  reply: FastifyReply,
  exchange: Exchange,
  answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly bytes: Buffer;
  },
  changed: unknown,
): Promise<FastifyReply> {
  return reply
    .code(answer.status)
    .headers({ ...answer.headers, [DECISION_HEADER]: exchange.id, 'cache-control': 'no-store' })
    .type('application/json; charset=utf-8')
    .send(changed === undefined ? answer.bytes : JSON.stringify(withoutLogProbabilities(changed)));
}

// They repeat the text token by token, so they may not outlive what was redacted in it.
function withoutLogProbabilities(value: unknown): unknown {
  const { choices } = value as { readonly choices?: unknown };
  if (!Array.isArray(choices)) return value;
  return {
    ...(value as object),
    choices: choices.map((choice: unknown) => ({ ...(choice as object), logprobs: null })),
  };
}
