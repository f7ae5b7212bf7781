import type { Span, SpanAttributes } from '../src/ports/ports';

let ids = 0;

/** A span in memory. */
export class FakeSpan implements Span {
  readonly traceId = 'a'.repeat(32);
  readonly traceparent = `00-${this.traceId}-${(++ids).toString(16).padStart(16, '0')}-01`;
  readonly children: FakeSpan[] = [];
  attributes: SpanAttributes = {};
  ends = 0;
  fault: string | undefined;

  constructor(public name: string) {}

  start(name: string): FakeSpan {
    const child = new FakeSpan(name);
    this.children.push(child);
    return child;
  }

  rename(name: string): void {
    this.name = name;
  }

  set(attributes: SpanAttributes): void {
    this.attributes = { ...this.attributes, ...attributes };
  }

  end(fault?: string): void {
    if (this.ends++ === 0) this.fault = fault;
  }
}
