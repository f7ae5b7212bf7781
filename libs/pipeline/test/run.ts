import type { PolicyDecision } from '@behavry/contracts';
import { toolCall, type Call } from '../src/exchange/call';
import { Exchange } from '../src/exchange/exchange';
import type { Forwarded } from '../src/exchange/adapter';
import type { Refusal } from '../src/exchange/refusal';
import { runExchange, type ExchangeResult } from '../src/exchange/run-exchange';
import { ALLOW, FakeDecisionEngine } from './fake-decision-engine';
import { NOW, type FakeGuard } from './fake-guard';

let ids = 0;
/** A new exchange of server `s1`. */
export const exchangeOf = (token: string | undefined = 'good', size = 0): Exchange =>
  new Exchange({
    id: `x${String(++ids)}`,
    kind: 'mcp',
    startedAt: NOW,
    token,
    serverId: 's1',
    model: '',
    size,
  });
/** A whole answer with a value. */
export const message = (value: unknown): Forwarded<string, never> => ({
  kind: 'message',
  payload: 'raw',
  value,
  bytes: JSON.stringify(value).length,
  outcome: 'ok',
  responseCode: 200,
});

export interface Ran {
  readonly result: ExchangeResult<string, never>;
  readonly parsed: number;
  readonly forwarded: number;
  /** Payloads that were given up. */
  readonly discarded: readonly string[];
  readonly exchange: Exchange;
}

/** Runs one exchange of a tool call, and counts how often it was read and forwarded. */
export async function run(
  guard: FakeGuard,
  call: Call | Refusal = toolCall('echo', { text: 'hi' }),
  forward: (exchange: Exchange) => Promise<Forwarded<string, never>> = () =>
    Promise.resolve(message({ ok: 1 })),
  exchange = exchangeOf(),
): Promise<Ran> {
  let parsed = 0;
  let forwarded = 0;
  const discarded: string[] = [];
  const result = await runExchange(guard, exchange, {
    parse: () => {
      parsed++;
      return 'reasonCode' in call ? call : { call, request: null };
    },
    forward: (one) => {
      forwarded++;
      return forward(one);
    },
    codeOf: () => -31403,
    discard: (payload) => {
      discarded.push(payload);
    },
  });
  return { result, parsed, forwarded, discarded, exchange };
}

/** An engine that gives one decision. */
export const engine = (decision: Partial<PolicyDecision>): FakeDecisionEngine =>
  new FakeDecisionEngine(() => ({ ok: true, decision: { ...ALLOW, ...decision } }));
/** @returns the reason code of a refusal, else the kind of result */
export const codeOf = ({ result }: Ran): string =>
  result.type === 'refused' ? result.refusal.reasonCode : result.type;
