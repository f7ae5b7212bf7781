// Loaded only where tracing is switched on: nothing else imports the SDK.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ROOT_CONTEXT,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span as OtelSpan,
  type Tracer,
} from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { ServiceConfig } from '../config/service-config';
import { OtlpSpanExporter, type ExportWatch } from './span-exporter';
import { readTraceParent, traceParentText } from './trace-parent';
import type { Span, SpanAttributes, SpanKind, Tracing } from './tracing';

/** Spans that may wait, about 3 MB; what comes then is dropped. */
const MAX_WAITING = 2_048;
/** Writing a batch as JSON must not hold the event loop for a millisecond. */
const BATCH = 128;
const EVERY_MS = 1_000;
const LAST_WORDS_MS = 2_000;
const LONGEST_TEXT = 256;

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  internal: OtelKind.INTERNAL,
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  consumer: OtelKind.CONSUMER,
};

/** What traces say of the process they come from. */
export interface TracedProcess extends ExportWatch {
  readonly app: string;
  readonly version: string;
  readonly config: ServiceConfig;
}

/** Opens the traces of a process; `BEHAVRY_OTEL_ENDPOINT` must be set. */
export function openTracing(traced: TracedProcess): Tracing {
  const { app, version, config } = traced;
  const { mode, deploymentId, otelEndpoint = '', otelSample } = config;
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.namespace': 'behavry',
      'service.name': app,
      'service.version': version,
      'service.instance.id': randomUUID(),
      'behavry.mode': mode,
      ...(deploymentId === undefined ? {} : { 'behavry.deployment.id': deploymentId }),
    }),
    // What is sampled is decided before there is a span.
    sampler: new AlwaysOnSampler(),
    spanLimits: { attributeValueLengthLimit: LONGEST_TEXT, attributeCountLimit: 32 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OtlpSpanExporter(otelEndpoint, traced),
        maxQueueSize: MAX_WAITING,
        maxExportBatchSize: BATCH,
        scheduledDelayMillis: EVERY_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('behavry', version);
  const begin = (name: string, kind: SpanKind, parent: Context): Span =>
    new RecordedSpan(tracer, tracer.startSpan(name, { kind: KINDS[kind] }, parent));
  return {
    // Not by the trace's id, as samplers usually do: the caller chooses it.
    fromOutside: (traceparent, name) =>
      Math.random() < otelSample ? begin(name, 'server', contextOf(traceparent)) : undefined,
    fromPlane: (traceparent, name, kind) =>
      readTraceParent(traceparent)?.isSampled === true
        ? begin(name, kind, contextOf(traceparent))
        : undefined,
    close: async () => {
      await Promise.race([
        provider.shutdown().catch(() => undefined),
        delay(LAST_WORDS_MS, undefined, { ref: false }),
      ]);
    },
  };
}

function contextOf(traceparent: unknown): Context {
  const parent = readTraceParent(traceparent);
  if (!parent) return ROOT_CONTEXT;
  const { traceId, spanId } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
}

/** A span that is recorded. Parents are handed on by hand: no context follows the code by itself, and none costs. */
class RecordedSpan implements Span {
  constructor(
    private readonly tracer: Tracer,
    private readonly span: OtelSpan,
  ) {}

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  get traceparent(): string {
    const { traceId, spanId } = this.span.spanContext();
    return traceParentText({ traceId, spanId, isSampled: true });
  }

  start(name: string, kind: SpanKind = 'internal'): Span {
    const context = trace.setSpan(ROOT_CONTEXT, this.span);
    return new RecordedSpan(this.tracer, this.tracer.startSpan(name, { kind: KINDS[kind] }, context));
  }

  rename(name: string): void {
    this.span.updateName(name);
  }

  set(attributes: SpanAttributes): void {
    this.span.setAttributes(attributes);
  }

  end(fault?: string): void {
    if (!this.span.isRecording()) return;
    if (fault !== undefined) {
      this.span.setAttribute('error.type', fault);
      this.span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.span.end();
  }
}
