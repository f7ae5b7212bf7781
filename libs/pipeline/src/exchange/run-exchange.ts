import { setTimeout as delay } from 'node:timers/promises';
import type { Outcome } from '@behavry/contracts';
import type { Read } from '../stages/stage';
import { STAGES } from '../stages/stages';
import type { ExchangeAdapter, Forwarded, Parsed, Reading, UpstreamFault } from './adapter';
import type { Call } from './call';
import { decisionEntry, outcomeEntry, wholeEntry } from './entries';
import type { Exchange, Settlement } from './exchange';
import type { Guard } from './guard';
import { judgeInbound } from './inbound';
import { isLimited, isPending, refusalFor, refuse, type Refusal } from './refusal';
import { beginForward, endTrace, within } from './trace';

/** What the proxy has to answer. When it is returned, the decision is on stable storage. */
export type ExchangeResult<A, F> =
  | {
      readonly type: 'refused';
      readonly refusal: Refusal<F>;
      /** The decision that refused it. */
      readonly decisionId: string;
    }
  | {
      readonly type: 'message';
      readonly payload: A;
      /** The scanned value; differs from what `forward` gave when `isChanged`. */
      readonly value: unknown;
      readonly isChanged: boolean;
    }
  | { readonly type: 'stream'; readonly payload: A }
  | { readonly type: 'failed'; readonly fault: UpstreamFault };

/** An answer up to this is scanned at once: that takes less than waiting for a turn. */
const SMALL_BYTES = 2 * 1024;

/** So that whoever calls again at once, against the answer's word, costs little more than who waits. */
const SLOW_REFUSAL_MS = 250;

const UNRECORDED = refuse('audit_unavailable', 'the call cannot be recorded at present', {
  isRecorded: false,
});

/**
 * Runs one exchange through all stages: who, allowed, how often, what, how far, carrying what, says
 * policy, says a person; then forwards it, scans what comes back, and makes the record durable before
 * anything can be answered. The record is written while the upstream works.
 *
 * Refusals and upstream failures are results, not errors. For a `stream` the proxy must call
 * `exchange.settle` when it ends; everything else is settled here.
 * @throws only what a defect throws; the exchange is then recorded as aborted
 */
export async function runExchange<R, A, F>(
  guard: Guard,
  exchange: Exchange,
  adapter: ExchangeAdapter<R, A, F>,
): Promise<ExchangeResult<A, F>> {
  guard.open.add(exchange);
  let parsed: Parsed<R> | undefined;
  const keep = (result: Reading<R, F>): Call | Refusal<F> => {
    if ('reasonCode' in result) return result;
    parsed = result;
    exchange.examined = result.examined ?? null;
    return result.call;
  };
  const read = (): Read<F> => {
    const result = adapter.parse(exchange);
    return result instanceof Promise ? result.then(keep) : keep(result);
  };
  try {
    const refusal = await runStages(guard, exchange, read);
    let result: ExchangeResult<A, F>;
    if (refusal) {
      result = await refuseBefore(guard, exchange, adapter, refusal);
      endTrace(exchange, guard);
    } else {
      if (!parsed) throw new Error('the stages ended without a call');
      result = await forward(guard, exchange, adapter, parsed.request);
    }
    guard.metrics.answered(Math.max(0, performance.now() - exchange.begunAt - exchange.waitedMs));
    return result;
  } catch (error) {
    exchange.settle({ outcome: 'aborted', responseCode: null, error: 'upstream_error' });
    over(guard, exchange);
    endTrace(exchange, guard);
    throw error;
  }
}

async function runStages<F>(
  guard: Guard,
  exchange: Exchange,
  read: () => Read<F>,
): Promise<Refusal<F> | undefined> {
  for (const stage of STAGES) {
    const step = stage.run(exchange, guard, read);
    const refusal = step instanceof Promise ? await step : step;
    if (exchange.stopReason) return refusalFor(exchange.stopReason);
    if (refusal) return refusal;
  }
  return undefined;
}

/** Nothing was forwarded: one record holds all of it. */
async function refuseBefore<R, A, F>(
  guard: Guard,
  exchange: Exchange,
  adapter: ExchangeAdapter<R, A, F>,
  refusal: Refusal<F>,
): Promise<ExchangeResult<A, F>> {
  exchange.refusal = refusal;
  over(guard, exchange);
  if (!refusal.isRecorded || !exchange.identity) {
    const { isUnauthenticated, reasonCode } = refusal;
    guard.metrics.rejected({ reasonCode: isUnauthenticated ? 'unauthenticated' : reasonCode });
    return refused(exchange, refusal);
  }
  if (guard.spool.isFull) return unrecorded(guard, exchange);
  guard.metrics.decided(refusal);
  const settlement = settlementOf(refusal, adapter);
  exchange.settle(settlement);
  count(guard, exchange, settlement);
  exchange.recorded = within(
    exchange.span?.start('record'),
    guard.spool.append(wholeEntry(exchange, settlement, guard)),
  );
  if (isLimited(refusal)) exchange.waitedMs += SLOW_REFUSAL_MS;
  const [isRecorded] = await Promise.all([isDurable(exchange), isLimited(refusal) && delay(SLOW_REFUSAL_MS)]);
  return isRecorded ? refused(exchange, refusal) : unrecorded(guard, exchange);
}

async function forward<R, A, F>(
  guard: Guard,
  exchange: Exchange,
  adapter: ExchangeAdapter<R, A, F>,
  request: R,
): Promise<ExchangeResult<A, F>> {
  if (!beginRecord(guard, exchange)) return unrecorded(guard, exchange);
  exchange.onSettle((settlement) => {
    close(guard, exchange, settlement);
  });
  const sentAt = performance.now();
  const span = beginForward(exchange, guard);
  const forwarded = await adapter.forward(exchange, request);
  span?.end(faultIn(forwarded));
  exchange.waitedMs += performance.now() - sentAt;
  if (exchange.identity && isScannedHere(forwarded)) await guard.turns.next(exchange.identity.agentId);
  const { result, settlement } = ended(exchange, adapter, forwarded);
  // From here on the agent may see something, so the record comes first.
  const isRecorded = await isDurable(exchange);
  if ('payload' in forwarded && (!isRecorded || !('payload' in result))) adapter.discard(forwarded.payload);
  if (!isRecorded) return unrecorded(guard, exchange);
  if (settlement) exchange.settle(settlement);
  return result;
}

function faultIn<A, F>(forwarded: Forwarded<A, F>): string | undefined {
  switch (forwarded.kind) {
    case 'failed':
      return forwarded.fault;
    case 'refused':
      return forwarded.refusal.reasonCode;
    case 'message':
      return forwarded.outcome === 'upstream_error' ? String(forwarded.responseCode) : undefined;
    case 'stream':
      return undefined;
  }
}

const ERROR_OF = {
  ok: null,
  pending: 'escalation_pending',
  upstream_error: 'upstream_error',
} as const;

/** What was scanned in a thread takes nothing of the event loop any more. */
function isScannedHere<A, F>(forwarded: Forwarded<A, F>): boolean {
  return forwarded.kind === 'message' && !forwarded.scanned && forwarded.bytes > SMALL_BYTES;
}

interface Ended<A, F> {
  readonly result: ExchangeResult<A, F>;
  /** Undefined for a stream, which the proxy settles. */
  readonly settlement?: Settlement;
}

/** What an upstream's answer comes to, with how it is settled. */
function ended<R, A, F>(
  exchange: Exchange,
  adapter: ExchangeAdapter<R, A, F>,
  forwarded: Forwarded<A, F>,
): Ended<A, F> {
  const { stopReason } = exchange;
  // What was stopped gets nothing more, even if its upstream was faster.
  if (stopReason === 'client_aborted') return failed('client_aborted');
  const refusedWith = (refusal: Refusal<F>, decisionId?: string): Ended<A, F> => ({
    result: refused(exchange, refusal, decisionId),
    settlement: settlementOf(refusal, adapter, exchange),
  });
  if (stopReason) return refusedWith(refusalFor(stopReason));
  switch (forwarded.kind) {
    case 'failed':
      return failed(forwarded.fault);
    case 'refused':
      return refusedWith(forwarded.refusal, forwarded.decisionId);
    case 'stream':
      return { result: { type: 'stream', payload: forwarded.payload } };
    case 'message': {
      const { payload, value, scanned, bytes, outcome, responseCode } = forwarded;
      const judged = judgeInbound(exchange, value, bytes, scanned);
      if (!judged.passes) return refusedWith(judged.refusal);
      return {
        result: { type: 'message', payload, value: judged.value, isChanged: judged.isChanged },
        settlement: { outcome, responseCode, error: ERROR_OF[outcome] },
      };
    }
  }
}

function failed(fault: UpstreamFault): Ended<never, never> {
  const outcome = fault === 'client_aborted' ? 'aborted' : 'upstream_error';
  return { result: { type: 'failed', fault }, settlement: { outcome, responseCode: null, error: fault } };
}

function refused<F>(
  { id }: Exchange,
  refusal: Refusal<F>,
  decisionId = id,
): Extract<ExchangeResult<never, F>, { type: 'refused' }> {
  return { type: 'refused', refusal, decisionId };
}

/** Begins to write the decision. @returns false when nothing can be written at all */
function beginRecord(guard: Guard, exchange: Exchange): boolean {
  if (exchange.judgement) guard.metrics.decided(exchange.judgement);
  if (exchange.call?.handling === 'silent') return true;
  if (guard.spool.isFull) return false;
  exchange.recorded = within(
    exchange.span?.start('record'),
    guard.spool.append(decisionEntry(exchange, guard)),
  );
  // Whoever waits for it sees the failure; it must not count as unhandled before.
  exchange.recorded.catch(() => undefined);
  return true;
}

async function isDurable(exchange: Exchange): Promise<boolean> {
  try {
    await exchange.recorded;
    return true;
  } catch {
    return false;
  }
}

function unrecorded<F>(guard: Guard, exchange: Exchange): ExchangeResult<never, F> {
  guard.metrics.rejected({ reasonCode: 'audit_unavailable' });
  over(guard, exchange);
  endTrace(exchange, guard, 'audit_unavailable');
  return refused(exchange, UNRECORDED);
}

function settlementOf<R, A, F>(
  refusal: Refusal<F>,
  adapter: ExchangeAdapter<R, A, F>,
  exchange?: Exchange,
): Settlement {
  return {
    outcome: outcomeOf(refusal.reasonCode, exchange),
    responseCode: adapter.codeOf(refusal),
    error: refusal.reasonCode,
  };
}

function outcomeOf(reasonCode: Refusal['reasonCode'], exchange?: Exchange): Outcome {
  if (isPending({ reasonCode })) return 'pending';
  // It was allowed and forwarded before it was stopped.
  return reasonCode === 'client_aborted' || exchange?.stopReason ? 'aborted' : 'refused';
}

function close(guard: Guard, exchange: Exchange, settlement: Settlement): void {
  over(guard, exchange);
  count(guard, exchange, settlement);
  endTrace(exchange, guard);
  if (exchange.call?.handling === 'silent') return;
  guard.spool.append(outcomeEntry(exchange, settlement, guard)).catch(() => undefined);
}

function count(guard: Guard, { startedAt, span }: Exchange, { outcome }: Settlement): void {
  guard.metrics.settled({
    outcome,
    milliseconds: Math.max(0, guard.now() - startedAt),
    traceId: span?.traceId,
  });
}

function over(guard: Guard, exchange: Exchange): void {
  guard.open.delete(exchange);
  exchange.release();
}
