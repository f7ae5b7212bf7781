import type { Exchange, Refusal } from '@behavry/pipeline';
import { answerText, errorText, type RpcId } from '../messages/rpc-message';
import { rpcCodeOf } from './mcp-fault';

/**
 * A refusal as an answer (surface: bodies): a JSON-RPC error, with which a client stops. In place of a result that
 * tries to instruct the agent stands a result that says so, for the model can go on without it.
 * @param decisionId the decision that refused it
 */
export function refusalText(
  exchange: Exchange,
  id: RpcId | null,
  refusal: Refusal<unknown>,
  decisionId = exchange.id,
): string {
  const { reason, reasonCode, policy, escalationId } = refusal;
  const data = {
    reason,
    reason_code: reasonCode,
    policy,
    decision_id: decisionId,
    ...(escalationId === null ? {} : { escalation_id: escalationId }),
  };
  return id !== null && reasonCode === 'injection_inbound_blocked' && isToolCall(exchange)
    ? answerText(id, false, {
        content: [{ type: 'text', text: reason }],
        isError: true,
        _meta: { 'behavry/refusal': data },
      })
    : errorText(id, rpcCodeOf(refusal), reason, data);
}

/** Only a tool's result has a place for text; only a tool's name goes beside its arguments. */
function isToolCall({ call }: Exchange): boolean {
  const { name } = (call?.beside ?? {}) as { readonly name?: unknown };
  return call?.handling === 'decide' && name === call.toolName;
}
