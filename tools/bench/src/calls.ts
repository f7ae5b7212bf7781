import { isRightModel, PAYLOAD, type ModelCall } from './models';

/** What is called: a tool, or a model. */
export type CallKind = 'mcp' | ModelCall;

/** One place to put load on, and who calls. */
export interface Target {
  readonly url: string;
  readonly kind: CallKind;
  /** Agents' tokens, used in turn; one empty text where nobody asks for one. */
  readonly tokens: readonly string[];
}

export const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-11-25',
} as const;

/** @returns the body of a `tools/call` of the tool `echo` with 1 KB of arguments */
export function callBody(id: number, tool = 'echo'): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name: tool, arguments: { message: PAYLOAD } },
  });
}

export const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
});

/** Whether an answer is the whole of what the upstream says to this very call. */
export function isRight(kind: CallKind, id: number, status: number, text: string): boolean {
  if (status !== 200) return false;
  try {
    if (kind !== 'mcp') return isRightModel(kind, text);
    const answer = JSON.parse(text.startsWith('{') ? text : (lastData(text) ?? '')) as {
      id?: unknown;
      result?: { isError?: boolean; content?: readonly { text?: string }[] };
    };
    return (
      answer.id === id && answer.result?.isError !== true && answer.result?.content?.[0]?.text === PAYLOAD
    );
  } catch {
    return false;
  }
}

function lastData(events: string): string | undefined {
  return events
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .at(-1)
    ?.slice(6);
}
