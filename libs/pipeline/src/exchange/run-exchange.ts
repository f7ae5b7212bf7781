import type { Outcome } from '@behavry/contracts';
import { STAGES } from '../stages/stages';
import { refusalFor } from '../stages/agent-status.stage';
import type { ExchangeAdapter } from './adapter';
import { decisionEntry, outcomeEntry } from './entries';
import type { Exchange, Settlement } from './exchange';
import type { Forwarded, UpstreamFault } from './forwarded';
import type { Guard } from './guard';
import { refuse, type Refusal } from './refusal';
import { scanInbound } from './scan-inbound';

/** What the proxy has to answer. When it is returned, the decision is on stable storage. */
export type ExchangeResult<T> =
  | { readonly type: 'refused'; readonly refusal: Refusal }
  | {
      readonly type: 'message';
      readonly payload: T;
      /** The scanned value; differs from what `forward` gave when `isChanged`. */
      readonly value: unknown;
      readonly isChanged: boolean;
    }
  | { readonly type: 'stream'; readonly payload: T }
  | { readonly type: 'failed'; readonly fault: UpstreamFault };

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
export async function runExchange<T>(
  guard: Guard,
  exchange: Exchange,
  adapter: ExchangeAdapter<T>,
): Promise<ExchangeResult<T>> {
  guard.open.add(exchange);
  exchange.onSettle((settlement) => {
    close(guard, exchange, settlement);
  });
  try {
    const refusal = await runStages(guard, exchange, adapter);
    return refusal
      ? await endRefused(guard, exchange, adapter, refusal)
      : await forward(guard, exchange, adapter);
  } catch (error) {
    exchange.settle({ outcome: 'aborted', responseCode: null, error: 'upstream_error' });
    throw error;
  }
}

async function runStages<T>(
  guard: Guard,
  exchange: Exchange,
  adapter: ExchangeAdapter<T>,
): Promise<Refusal | undefined> {
  for (const stage of STAGES) {
    const step = stage.run(exchange, guard, adapter);
    const refusal = step instanceof Promise ? await step : step;
    if (exchange.stopReason) return refusalFor(exchange.stopReason);
    if (refusal) return refusal;
  }
  return undefined;
}

async function endRefused<T>(
  guard: Guard,
  exchange: Exchange,
  adapter: ExchangeAdapter<T>,
  refusal: Refusal,
): Promise<ExchangeResult<T>> {
  exchange.refusal = refusal;
  if (!refusal.isRecorded) {
    const { isUnauthenticated, reasonCode } = refusal;
    guard.metrics.rejected({ reasonCode: isUnauthenticated ? 'unauthenticated' : reasonCode });
    guard.open.delete(exchange);
    return { type: 'refused', refusal };
  }
  if (!record(guard, exchange)) return unrecorded(guard, exchange);
  exchange.settle(settlementOf(refusal, adapter));
  return (await isDurable(exchange)) ? { type: 'refused', refusal } : unrecorded(guard, exchange);
}

async function forward<T>(
  guard: Guard,
  exchange: Exchange,
  adapter: ExchangeAdapter<T>,
): Promise<ExchangeResult<T>> {
  if (!record(guard, exchange)) return unrecorded(guard, exchange);
  const forwarded = await adapter.forward(exchange);
  const result = judge(exchange, forwarded);
  // From here on the agent may see something, so the record comes first.
  if (!(await isDurable(exchange))) return unrecorded(guard, exchange);
  if (result.type === 'refused') exchange.settle(settlementOf(result.refusal, adapter, exchange));
  if (result.type === 'failed') {
    const outcome = result.fault === 'client_aborted' ? 'aborted' : 'upstream_error';
    exchange.settle({ outcome, responseCode: null, error: result.fault });
  }
  if (result.type === 'message' && forwarded.kind === 'message') {
    const { outcome, responseCode } = forwarded;
    exchange.settle({ outcome, responseCode, error: outcome === 'ok' ? null : 'upstream_error' });
  }
  return result;
}

function judge<T>(exchange: Exchange, forwarded: Forwarded<T>): ExchangeResult<T> {
  // What was stopped gets nothing more, even if its upstream was faster.
  if (exchange.stopReason) {
    return exchange.stopReason === 'client_aborted'
      ? { type: 'failed', fault: 'client_aborted' }
      : { type: 'refused', refusal: refusalFor(exchange.stopReason) };
  }
  switch (forwarded.kind) {
    case 'failed':
      return { type: 'failed', fault: forwarded.fault };
    case 'stream':
      return { type: 'stream', payload: forwarded.payload };
    case 'message': {
      if (exchange.call?.handling === 'silent') {
        return { type: 'message', payload: forwarded.payload, value: forwarded.value, isChanged: false };
      }
      const scanned = scanInbound(exchange, forwarded.value, forwarded.bytes);
      return scanned.passes
        ? { type: 'message', payload: forwarded.payload, value: scanned.value, isChanged: scanned.isChanged }
        : { type: 'refused', refusal: scanned.refusal };
    }
  }
}

/** Begins to write the decision. @returns false when nothing can be written at all */
function record(guard: Guard, exchange: Exchange): boolean {
  const verdict = exchange.refusal ?? exchange.judgement;
  if (verdict) guard.metrics.decided(verdict);
  const tenantId = exchange.identity?.tenantId;
  if (exchange.call?.handling === 'silent' && !exchange.refusal) return true;
  if (tenantId === undefined || guard.spool.isFull) return false;
  exchange.recorded = guard.spool.append(decisionEntry(exchange, tenantId));
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

function unrecorded<T>(guard: Guard, exchange: Exchange): ExchangeResult<T> {
  guard.metrics.rejected({ reasonCode: 'audit_unavailable' });
  guard.open.delete(exchange);
  return { type: 'refused', refusal: UNRECORDED };
}

function settlementOf<T>(refusal: Refusal, adapter: ExchangeAdapter<T>, exchange?: Exchange): Settlement {
  return {
    outcome: outcomeOf(refusal, exchange),
    responseCode: adapter.codeOf(refusal),
    error: refusal.reasonCode,
  };
}

function outcomeOf({ reasonCode }: Refusal, exchange?: Exchange): Outcome {
  if (reasonCode === 'escalation_pending') return 'pending';
  // It was allowed and forwarded before it was stopped.
  return reasonCode === 'client_aborted' || exchange?.stopReason ? 'aborted' : 'refused';
}

function close(guard: Guard, exchange: Exchange, settlement: Settlement): void {
  guard.open.delete(exchange);
  const now = guard.now();
  guard.metrics.settled({ outcome: settlement.outcome, milliseconds: Math.max(0, now - exchange.startedAt) });
  if (exchange.call?.handling === 'silent' && !exchange.refusal) return;
  guard.spool.append(outcomeEntry(exchange, settlement, now)).catch(() => undefined);
}
