import type { Call } from './call';
import type { Exchange } from './exchange';
import type { Guard } from './guard';
import type { Refusal } from './refusal';
import { runExchange } from './run-exchange';

/**
 * Decides and records a call that happens inside another exchange: a tool call in a model's answer, a
 * server's request to its client. It runs through the same stages as one of its own, limits apart. Nothing of such a
 * call can be narrowed afterwards, so an obligation that would have to is a refusal.
 * @param inner made with `parent`
 * @returns the refusal, or undefined when the call may go on
 */
export async function judgeCall(guard: Guard, inner: Exchange, call: Call): Promise<Refusal | undefined> {
  const result = await runExchange<null, null, never>(guard, inner, {
    parse: () => ({ call, request: null }),
    forward: () =>
      Promise.resolve({
        kind: 'message',
        payload: null,
        value: null,
        bytes: 0,
        outcome: 'ok',
        responseCode: 200,
      }),
    codeOf: () => 403,
    discard: () => undefined,
  });
  return result.type === 'refused' ? result.refusal : undefined;
}
