/** `server` takes a request, `client` makes one, `consumer` takes a job. */
export type SpanKind = 'internal' | 'server' | 'client' | 'consumer';

/** Names, codes and numbers; never text of a call, an answer, a header or a query. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** One measured step of something that is traced. */
export interface Span {
  readonly traceId: string;
  /** W3C `traceparent` for whoever is asked within it. */
  readonly traceparent: string;
  /** Begins a step inside. */
  start(name: string, kind?: SpanKind): Span;
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  /** Only the first call counts. @param fault a code, when it failed */
  end(fault?: string): void;
}

/** Traces of one process. It exists only where tracing is switched on. */
export interface Tracing {
  /**
   * Begins what somebody outside asks for. Whether it is recorded is decided here and not by the caller, who could make
   * every call dear, or hide: of the caller's context only the ids count.
   * @param traceparent header as it came
   * @returns undefined for what is not sampled
   */
  fromOutside(traceparent: unknown, name: string): Span | undefined;
  /**
   * Goes on with what another app of this plane has sampled.
   * @param traceparent out of something that the plane itself signed
   * @returns undefined when it names nothing that is sampled
   */
  fromPlane(traceparent: unknown, name: string, kind: SpanKind): Span | undefined;
  /** Sends what waits, for two seconds at most. */
  close(): Promise<void>;
}
