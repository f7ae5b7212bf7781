import { Exchange, refuse, Scan, toolCall } from '@behavry/pipeline';
import type { AnsweredCall, Endpoint } from '../src/dialects/dialect';
import { GuardedStream, type StreamEnd, type StreamKeeper } from '../src/stream/guarded-stream';

const SCAN = Scan.of([], { injection: 'observe' });

/** What came of a stream. */
export interface StreamOutcome {
  readonly text: string;
  /** The text in the steps in which it became free. */
  readonly steps: readonly string[];
  readonly end: StreamEnd;
  readonly findings: readonly unknown[];
  readonly judged: readonly AnsweredCall[];
  readonly exchange: Exchange;
}

export interface StreamSetting {
  readonly redacts?: boolean;
  /** Name of a tool that policy denies. */
  readonly denied?: string;
  /** Name of a tool of which a person must decide. */
  readonly waits?: string;
  readonly keeper?: StreamKeeper;
  /** What a decision waits for. */
  readonly until?: (steps: readonly string[]) => Promise<unknown>;
  readonly hidesTokens?: boolean;
  readonly maxHeldCharacters?: number;
}

/** Cuts bytes at places, each taken modulo the length. */
export async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...new Set(cuts.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)) {
    yield await Promise.resolve(bytes.subarray(from, cut));
    from = cut;
  }
  yield bytes.subarray(from);
}

/** Runs a stream's bytes, cut in some way, through the guard. */
export async function runStream(
  endpoint: Endpoint,
  body: Uint8Array,
  cuts: readonly number[],
  {
    redacts = false,
    denied,
    waits,
    keeper,
    until,
    hidesTokens = true,
    maxHeldCharacters = 1_000_000,
  }: StreamSetting = {},
): Promise<StreamOutcome> {
  const exchange = new Exchange({ id: 'e', kind: 'llm', startedAt: 0, token: undefined, serverId: '' });
  exchange.call = toolCall('chat', {});
  exchange.obligations = redacts ? [{ name: 'redact_inbound' }] : [];
  const judged: AnsweredCall[] = [];
  const steps: string[] = [];
  const stream = new GuardedStream({
    endpoint,
    exchange,
    scan: SCAN,
    remember: () => Promise.resolve(),
    judge: async (calls) => {
      judged.push(...calls);
      await until?.(steps);
      if (calls.some(({ name }) => name === denied)) return refuse('policy_deny', 'no');
      return calls.some(({ name }) => name === waits) ? refuse('escalation_pending', 'wait') : undefined;
    },
    hidesTokens,
    maxHeldCharacters,
    keeper,
  });
  const texts = stream.run(pieces(body, cuts));
  for (;;) {
    const next = await texts.next();
    if (next.done) {
      const { inboundDlp: findings } = exchange;
      return { text: steps.join(''), steps, end: next.value, findings, judged, exchange };
    }
    steps.push(next.value);
  }
}
