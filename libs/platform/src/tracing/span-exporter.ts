import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { Counter, type Registry } from 'prom-client';
import { Pool } from 'undici';
import type { Logger } from '../logging/logger';

/** How long a collector that does not answer holds a batch. */
const TIMEOUT_MS = 2_000;
const WARN_EVERY_MS = 60_000;

/** Where it is told that spans do not arrive. */
export interface ExportWatch {
  readonly log: Logger;
  readonly metrics: Registry;
}

/**
 * Sends spans as OTLP over HTTP in JSON, each batch once. What cannot be sent is counted and given up, and said in the
 * log once a minute. The SDK's own exporter reads its address and headers from the environment, past our configuration.
 */
export class OtlpSpanExporter implements SpanExporter {
  readonly #pool: Pool;
  readonly #path: string;
  readonly #log: Logger;
  readonly #spans: Counter<'result'>;
  #warnedAt = -Infinity;

  /** @param endpoint for example `http://otel-collector:4318` */
  constructor(endpoint: string, { log, metrics }: ExportWatch) {
    const { origin, pathname } = new URL(endpoint);
    this.#path = `${pathname.replace(/\/+$/, '')}/v1/traces`;
    this.#pool = new Pool(origin, {
      connections: 2,
      connect: { timeout: TIMEOUT_MS },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    this.#log = log;
    this.#spans = new Counter({
      name: 'behavry_trace_spans_total',
      help: 'Spans by what became of them; beside them, those beyond 2,048 that wait are dropped.',
      labelNames: ['result'],
      registers: [metrics],
    });
  }

  /** Never fails: nobody could do better with the batch. */
  export(batch: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.#send(batch)
      .then(() => {
        this.#spans.inc({ result: 'sent' }, batch.length);
      })
      .catch((error: unknown) => {
        this.#spans.inc({ result: 'lost' }, batch.length);
        if (performance.now() - this.#warnedAt < WARN_EVERY_MS) return;
        this.#warnedAt = performance.now();
        this.#log.warn({ err: error }, 'tracing: the collector takes no spans; they are lost, calls go on');
      })
      .finally(() => {
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- done; its enum is in a package that we do not use
        done({ code: 0 });
      });
  }

  async shutdown(): Promise<void> {
    await this.#pool.destroy();
  }

  async #send(batch: ReadableSpan[]): Promise<void> {
    const { statusCode, body } = await this.#pool.request({
      path: this.#path,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'behavry' },
      body: JsonTraceSerializer.serializeRequest(batch) ?? null,
      // The connection may be slow, too.
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await body.dump();
    if (statusCode >= 300) throw new Error(`the collector answered ${String(statusCode)}`);
  }
}
