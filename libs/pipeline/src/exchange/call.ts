import type { TargetClass } from '@behavry/contracts';
import { normaliseCall, resourceKeyOf, type ActionClass } from '@behavry/domain';
import type { CallLeft } from '../scan/scan-call';

/** What an exchange asks for, in words that rules, people and audit rows share. */
export interface Call {
  /** `decide`: policy speaks · `pass`: protocol traffic, recorded · `silent`: protocol traffic that leaves no row. */
  readonly handling: 'decide' | 'pass' | 'silent';
  readonly toolName: string;
  readonly action: string;
  readonly actionClass: ActionClass;
  /** What it is about, as the caller wrote it: for rules. Empty when unknown. */
  readonly resource: string;
  readonly targetClass: TargetClass;
  readonly resourceCount: number;
  /**
   * The caller's own content: scanned, digested, shown to whoever approves, redacted when policy asks for it. Null in a
   * call that was read in a thread, as `beside` and `parameters`: what is known of them stands in `exchange.examined`.
   */
  readonly arguments: unknown;
  /** Whatever else of the caller's goes upstream: scanned and digested too, never judged. Null when there is nothing. */
  readonly beside: unknown;
  /** What rules see of it; `arguments` itself unless that would be texts without end. */
  readonly parameters: unknown;
  /** Kinds of parts in it that no scanner reads; left out when there are none. */
  readonly unscanned?: readonly string[];
  /** Texts that stand in `arguments` in another form: scanned too, and never changed. Of no use to another thread. */
  readonly encoded?: readonly EncodedText[] | undefined;
  /**
   * Puts stand-ins for parts of `arguments` that may be replaced and are blocked; left out where none may, and
   * of no use to another thread.
   * @param patternIn says for what a part is blocked, and undefined when it is not
   */
  readonly withStandIns?:
    ((patternIn: (part: unknown) => string | undefined) => CallLeft | undefined) | undefined;
  /** Size of the request on the wire, in bytes. */
  readonly bytes: number;
}

/** A text that is written in another form. */
export interface EncodedText {
  /** As it stands there. */
  readonly written: string;
  readonly text: string;
}

/** What a call of a tool is made of besides its name and arguments. */
export interface CallParts {
  readonly beside?: unknown;
  readonly bytes?: number;
}

/** @returns a call of a tool, with verb, class and resource taken from its name and arguments */
export function toolCall(
  toolName: string,
  args: unknown,
  { beside = null, bytes = 0 }: CallParts = {},
): Call {
  return {
    handling: 'decide',
    toolName,
    ...normaliseCall(toolName, args),
    targetClass: TARGET_CLASS[resourceKeyOf(args) ?? ''] ?? 'name',
    arguments: args,
    parameters: args,
    beside,
    bytes,
  };
}

/**
 * Protocol traffic that policy need not judge.
 * @param beside everything of it that goes upstream
 */
export function protocolCall(
  method: string,
  action: string,
  handling: 'pass' | 'silent',
  beside: unknown,
  bytes: number,
): Call {
  return {
    handling,
    toolName: method,
    action,
    actionClass: 'read',
    resource: '',
    targetClass: 'name',
    resourceCount: 1,
    arguments: null,
    parameters: null,
    beside,
    bytes,
  };
}

const TARGET_CLASS: Readonly<Record<string, TargetClass>> = {
  path: 'path',
  file: 'path',
  url: 'url',
  query: 'query',
  command: 'command',
};

/** What differs from try to try of one and the same call, and so is bound to no approval (semantics: escalations). */
const VOLATILE_META = ['progressToken', 'traceparent', 'tracestate', 'baggage'];

/** @returns all that goes upstream and means something: what a digest of the call covers */
export function boundContent({ toolName, arguments: args, beside }: Call): unknown {
  return { tool: toolName, arguments: args, beside: withoutVolatile(beside) };
}

/** A trace context comes as headers, too, which an instrumented agent makes anew for each try. */
const VOLATILE = { _meta: VOLATILE_META, headers: ['traceparent', 'tracestate'] } as const;

function withoutVolatile(beside: unknown): unknown {
  if (typeof beside !== 'object' || beside === null) return beside;
  let rest: object = beside;
  for (const [name, volatile] of Object.entries(VOLATILE)) {
    const member = (rest as Readonly<Record<string, unknown>>)[name];
    if (typeof member !== 'object' || member === null || Array.isArray(member)) continue;
    const kept = without(member, volatile);
    rest = Object.keys(kept).length === 0 ? without(rest, [name]) : { ...rest, [name]: kept };
  }
  return rest;
}

function without(object: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}
