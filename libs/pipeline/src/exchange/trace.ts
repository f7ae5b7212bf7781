import type { Span, SpanAttributes } from '../ports/ports';
import { plainName } from './entries';
import type { Exchange } from './exchange';
import type { Guard } from './guard';

/** What a traced exchange is about, in the words of OpenTelemetry's conventions for GenAI and MCP. */
export interface Meaning {
  /** For people: verb and object. */
  readonly name: string;
  readonly attributes: SpanAttributes;
}

/** GenAI's word for what a model is used for, where it is not ours. */
const OPERATION: Readonly<Record<string, string>> = { embed: 'embeddings', complete: 'text_completion' };
const PROVIDER: Readonly<Record<string, string>> = { gemini: 'gcp.gemini' };

/**
 * Names as the record shows them: what a caller chose and could carry a payload is a digest here, too.
 * @returns what is known of an exchange so far
 */
export function meaningOf(exchange: Exchange, { digest }: Pick<Guard, 'digest'>): Meaning {
  const { call, kind, method, serverId, parent } = exchange;
  const named = (text: string): string => plainName(text, exchange, digest);
  const server: Record<string, string> = serverId === '' ? {} : { 'behavry.mcp.server': named(serverId) };
  if (!call) return { name: 'exchange', attributes: server };
  if (kind === 'llm' && !parent) return modelUse(exchange, call.toolName, named);
  const own: Record<string, string> = method === '' ? server : { ...server, 'mcp.method.name': method };
  if (method !== 'tools/call' && kind === 'mcp') return { name: method || 'exchange', attributes: own };
  const tool = named(call.toolName);
  return {
    name: kind === 'mcp' ? `${method} ${tool}` : `execute_tool ${tool}`,
    attributes: { ...own, 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': tool },
  };
}

function modelUse(
  { provider, model, tokens }: Exchange,
  verb: string,
  named: (text: string) => string,
): Meaning {
  const operation = OPERATION[verb] ?? verb;
  const asked = named(model);
  return {
    name: `${operation} ${asked}`,
    attributes: {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': PROVIDER[provider] ?? provider,
      'gen_ai.request.model': asked,
      ...(tokens
        ? { 'gen_ai.usage.input_tokens': tokens.prompt, 'gen_ai.usage.output_tokens': tokens.completion }
        : {}),
    },
  };
}

/** Ends the span of an exchange with what was decided and how it ended; what is not traced costs one look. */
export function endTrace(exchange: Exchange, guard: Guard, refusedAs?: string): void {
  const { span } = exchange;
  if (!span) return;
  const { id, identity, refusal, judgement, settlement, bundleRevision, escalationId, parent } = exchange;
  const judged = refusal ?? judgement;
  const { name, attributes } = meaningOf(exchange, guard);
  span.rename(name);
  span.set({
    ...attributes,
    'behavry.decision.id': id,
    'behavry.verdict': judged?.verdict ?? 'deny',
    'behavry.reason_code': refusedAs ?? judged?.reasonCode ?? 'request_malformed',
    'behavry.outcome': settlement?.outcome ?? 'refused',
    ...(identity ? { 'behavry.agent.id': identity.agentId } : {}),
    ...(bundleRevision === null ? {} : { 'behavry.policy.revision': bundleRevision }),
    ...(escalationId === null ? {} : { 'behavry.escalation.id': escalationId }),
    ...(parent ? { 'behavry.parent.decision.id': parent.id } : {}),
  });
  span.end(refusedAs ?? settlement?.error ?? refusal?.reasonCode);
}

/** Begins the span in which an upstream is asked; what happens inside an exchange asks none. */
export function beginForward(exchange: Exchange, guard: Guard): Span | undefined {
  if (!exchange.span || exchange.parent) return undefined;
  const { name, attributes } = meaningOf(exchange, guard);
  const span = exchange.span.start(name, 'client');
  span.set(attributes);
  if (guard.isTraceHandedOn) exchange.traceUpstream = span.traceparent;
  return span;
}

/** Ends a span with what is waited for. */
export function within<T>(span: Span | undefined, work: Promise<T>): Promise<T> {
  return span
    ? work.finally(() => {
        span.end();
      })
    : work;
}
