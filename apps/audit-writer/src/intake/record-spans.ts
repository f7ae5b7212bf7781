import { AUDIT_EVENTS_QUEUE, isObject } from '@behavry/contracts';
import type { Span, Tracing } from '@behavry/platform';
import type { Batch } from './batch-store';

/** However many of a batch's exchanges are traced: each span costs. */
const MOST = 32;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Begins a span for each traced exchange of a batch, in the exchange's own trace: until its row is stored. */
export function recordSpans(tracing: Tracing, { entries }: Batch): readonly Span[] {
  const spans: Span[] = [];
  for (const entry of entries) {
    if (spans.length >= MOST) break;
    if (!isObject(entry) || entry['trace'] === undefined) continue;
    const span = tracing.fromPlane(entry['trace'], `process ${AUDIT_EVENTS_QUEUE.name}`, 'consumer');
    if (!span) continue;
    const { id } = entry;
    span.set({
      'messaging.system': 'bullmq',
      'messaging.operation.type': 'process',
      'messaging.destination.name': AUDIT_EVENTS_QUEUE.name,
      'messaging.batch.message_count': entries.length,
      ...(typeof id === 'string' && ID.test(id) ? { 'behavry.decision.id': id } : {}),
    });
    spans.push(span);
  }
  return spans;
}
