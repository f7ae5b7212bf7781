import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually';

/** A span as it was exported. */
export interface ReceivedSpan {
  /** `service.name` of its process. */
  readonly app: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** 1 internal, 2 server, 3 client, 5 consumer. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly hasFailed: boolean;
}

/** A collector of traces that remembers everything. */
export interface OtlpReceiver {
  /** For `BEHAVRY_OTEL_ENDPOINT`. */
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** Every body as it came. */
  readonly bodies: string[];
  /** Status of its answers; 200 at first. */
  status: number;
  /** The spans of a trace, once those with these names have come. */
  trace(traceId: string, ...names: readonly string[]): Promise<readonly ReceivedSpan[]>;
  stop(): Promise<void>;
}

type Value = Readonly<Record<'stringValue' | 'intValue' | 'doubleValue' | 'boolValue', unknown>>;
interface Attribute {
  readonly key: string;
  readonly value: Partial<Value>;
}
interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ReceivedSpan, 'app' | 'attributes' | 'hasFailed' | 'parentSpanId'> & {
        readonly parentSpanId?: string;
        readonly attributes: readonly Attribute[];
        readonly status: { readonly code: number };
      })[];
    }[];
  }[];
}

/** Starts one that speaks OTLP over HTTP in JSON. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const bodies: string[] = [];
  const answers = { status: 200 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      bodies.push(body);
      if (answers.status === 200 && request.url === '/v1/traces') spans.push(...spansIn(body));
      response.writeHead(answers.status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    spans,
    bodies,
    get status() {
      return answers.status;
    },
    set status(status) {
      answers.status = status;
    },
    trace: (traceId, ...names) =>
      eventually(
        () => {
          const own = spans.filter((span) => span.traceId === traceId);
          const missing = names.filter((name) => !own.some((span) => span.name === name));
          if (missing.length > 0)
            throw new Error(`no ${missing.join()} in ${own.map(({ name }) => name).join()}`);
          return own;
        },
        { timeoutMs: 20_000 },
      ),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function spansIn(body: string): ReceivedSpan[] {
  return (JSON.parse(body) as Exported).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const app = String(valuesOf(resource.attributes)['service.name']);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ attributes, status, parentSpanId = '', ...span }) => ({
        ...span,
        parentSpanId,
        app,
        attributes: valuesOf(attributes),
        hasFailed: status.code === 2,
      })),
    );
  });
}

function valuesOf(attributes: readonly Attribute[]): ReceivedSpan['attributes'] {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      (stringValue ?? boolValue ?? Number(intValue ?? doubleValue)) as string | number | boolean,
    ]),
  );
}
