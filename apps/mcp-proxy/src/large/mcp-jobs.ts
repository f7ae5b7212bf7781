import type { BlastRadiusSettings } from '@behavry/contracts';
import { memberSpan } from '@behavry/domain';
import {
  examine,
  factsOf,
  protocolCall,
  type Call,
  type Examined,
  type Judges,
  type ScanFacts,
} from '@behavry/pipeline';
import { describeRequest, paramsWith } from '../messages/describe-call';
import {
  answerText,
  messageText,
  parseMessage,
  readBody,
  type MessageFault,
  type RpcId,
  type RpcRequest,
  type RpcResponse,
} from '../messages/rpc-message';

/** A client's message to be read. */
export interface ReadInput extends RedactInput {
  readonly maxBytes: number;
  readonly blast: BlastRadiusSettings;
}

/** One that was read before. */
export interface RedactInput {
  readonly bytes: Uint8Array;
  /** Headers that go on with it. */
  readonly headers: Readonly<Record<string, string>>;
}

interface Understood {
  readonly ok: true;
  /** Comes back by itself, so that it is handed over and not copied. */
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly id: RpcId;
  /** Without its content. */
  readonly call: Call;
  readonly examined: Examined;
}

export type LargeRead =
  | (Understood & { readonly kind: 'request'; readonly method: string })
  | (Understood & { readonly kind: 'response' })
  /** `bad_params`: its method needs others. */
  | { readonly ok: false; readonly fault: MessageFault | 'bad_params'; readonly id: RpcId | null };

/** A request with its findings taken out. */
export interface LargeRedacted {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** What was taken out is the name of the tool itself. */
  readonly isRenamed: boolean;
}

/** `other`: no answer, or none of a message. */
export type LargeAnswer =
  | {
      readonly kind: 'response';
      readonly id: RpcId;
      readonly isError: boolean;
      readonly scanned: ScanFacts;
      /** The answer for the client; null where it is the text as it came. */
      readonly text: string | null;
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'other' };

/** What is done with large messages in threads: all that the event loop does with small ones. */
export const MCP_JOBS = {
  read({ bytes, maxBytes, headers, blast }: ReadInput, judges: Judges): LargeRead {
    const read = readBody(bytes, maxBytes);
    if (!read.ok) return { ok: false, fault: read.fault, id: null };
    const { message, text } = read;
    const size = bytes.length;
    switch (message.kind) {
      // Nothing that a client has to tell is so large.
      case 'notification':
        return { ok: false, fault: 'too_large', id: null };
      case 'response': {
        const call = protocolCall('response', 'respond', 'pass', message.content, size);
        const frame = byteFrame(bytes, text, message);
        return { ok: true, kind: 'response', id: message.id, ...frame, ...examine(call, blast, judges) };
      }
      case 'request': {
        const { id, method } = message;
        if (method === 'initialize') return { ok: false, fault: 'too_large', id };
        const described = describeRequest(message, size, headers);
        if (!described) return { ok: false, fault: 'bad_params', id };
        const frame = byteFrame(bytes, text, message, described.params);
        const { call, examined } = examine(described.call, blast, judges);
        // How a refusal is told depends on whether the call is one of a tool.
        const beside = method === 'tools/call' ? { name: call.toolName } : null;
        return { ok: true, kind: 'request', id, method, ...frame, call: { ...call, beside }, examined };
      }
    }
  },

  redact({ bytes, headers }: RedactInput, { scan }: Judges): LargeRedacted {
    const read = readBody(bytes, Infinity);
    if (!read.ok || read.message.kind !== 'request') throw new Error('a message was read otherwise before');
    const { message } = read;
    const described = describeRequest(message, bytes.length, headers);
    if (!described) throw new Error('a message was read otherwise before');
    const { call } = described;
    const outbound = {
      arguments: scan.outbound(call.arguments, { redacts: true }).redacted(),
      beside: scan.outbound(call.beside, { redacts: true }).redacted(),
    };
    const { name } = (outbound.beside ?? {}) as { readonly name?: unknown };
    return {
      ...rebuilt(message.method, paramsWith(message.method, outbound)),
      isRenamed: name !== undefined && name !== call.toolName,
    };
  },

  answer(
    { text, redacts }: { readonly text: string; readonly redacts: boolean },
    { scan }: Judges,
  ): LargeAnswer {
    const message = parseMessage(text);
    if (message?.kind !== 'response') return { kind: 'other' };
    const { id, isError, content, isPlain } = message;
    const scanned = scan.inbound(content, { redacts });
    const changed = scanned.verdict === 'redact' ? scanned.redacted() : content;
    const told = isPlain && changed === content ? null : answerText(NO_ID, isError, changed);
    const [from, to] = idSpan(told ?? text);
    return { kind: 'response', id, isError, scanned: factsOf(scanned), text: told, from, to };
  },
};

export type McpJobs = typeof MCP_JOBS;

const NO_ID = 0;

/** The message as it came, unless it has members that nobody looked at or `known` is all that goes on of it. */
function byteFrame(
  bytes: Uint8Array,
  text: string,
  message: RpcRequest | RpcResponse,
  known?: unknown,
): Pick<Understood, 'bytes' | 'from' | 'to'> {
  if (message.isPlain && known === undefined) return { bytes, ...byteSpan(text) };
  if (message.kind === 'request') return rebuilt(message.method, known ?? message.params);
  return encoded(answerText(NO_ID, message.isError, message.content));
}

function rebuilt(method: string, params: unknown): Pick<Understood, 'bytes' | 'from' | 'to'> {
  return encoded(messageText(NO_ID, method, params));
}

function encoded(text: string): Pick<Understood, 'bytes' | 'from' | 'to'> {
  return { bytes: new TextEncoder().encode(text), ...byteSpan(text) };
}

function byteSpan(text: string): { readonly from: number; readonly to: number } {
  const [start, end] = idSpan(text);
  const from = Buffer.byteLength(text.slice(0, start));
  return { from, to: from + Buffer.byteLength(text.slice(start, end)) };
}

function idSpan(text: string): readonly [number, number] {
  const span = memberSpan(text, 'id');
  if (!span) throw new Error('a message without an id is given one');
  return span;
}
