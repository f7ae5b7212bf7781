import { judgeInbound, refuse, type Exchange, type Refusal, type Settlement } from '@behavry/pipeline';
import { filterList } from '../messages/list-filter';
import { answerText, withId, type RpcResponse } from '../messages/rpc-message';
import type { OpenCall } from '../sessions/open-calls';
import type { LargeResponse } from './large-messages';
import { rpcCodeOf } from './mcp-fault';
import type { McpParts } from './mcp-request';
import { refusalText } from './refusal-text';

/** What a client is told, and how its call ends with it. */
export interface JudgedAnswer {
  readonly text: string;
  readonly settlement: Settlement;
}

/** Judges an answer on a stream as what it answers: a list is filtered, then everything is scanned. */
export async function judgeAnswer(
  { guard }: McpParts,
  exchange: Exchange,
  call: OpenCall,
  text: string,
  answer: RpcResponse | LargeResponse,
): Promise<JudgedAnswer> {
  const { isError } = answer;
  const refused = (refusal: Refusal): JudgedAnswer => refusedAnswer(exchange, call, refusal);
  if (answer.kind === 'large') {
    const judged = judgeInbound(exchange, null, Buffer.byteLength(text), answer.scanned);
    return judged.passes ? answered(answer.textFor(call.clientId), isError) : refused(judged.refusal);
  }
  const { content } = answer;
  const filtered = isError ? undefined : await filterList(guard, exchange, call.method, content);
  if (filtered?.kind === 'undecided') throw new Error('policy could not be asked about a list');
  if (filtered?.kind === 'too_long') return refused(refuse('result_too_large', 'the list is too long'));
  const value = filtered?.kind === 'changed' ? filtered.result : content;
  const judged = judgeInbound(exchange, value, Buffer.byteLength(text));
  if (!judged.passes) return refused(judged.refusal);
  const isAsItCame = filtered?.kind !== 'changed' && !judged.isChanged;
  return answered(
    isAsItCame ? withId(text, answer, call.clientId) : answerText(call.clientId, isError, judged.value),
    isError,
  );
}

function answered(text: string, isError: boolean): JudgedAnswer {
  const fault = isError ? 'upstream_error' : null;
  return { text, settlement: { outcome: fault ?? 'ok', responseCode: 200, error: fault } };
}

/** The same for one that is refused. */
export function refusedAnswer(exchange: Exchange, { clientId }: OpenCall, refusal: Refusal): JudgedAnswer {
  return {
    text: refusalText(exchange, clientId, refusal),
    settlement: { outcome: 'refused', responseCode: rpcCodeOf(refusal), error: refusal.reasonCode },
  };
}
