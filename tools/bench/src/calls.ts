/** What is called: a tool, a model's answer as a whole, or one as a stream of this many chunks. */
export type CallKind = 'mcp' | 'chat' | { readonly chunks: number };

/** One place to put load on, and who calls. */
export interface Target {
  readonly url: string;
  readonly kind: CallKind;
  /** Agents' tokens, used in turn; one empty text where nobody asks for one. */
  readonly tokens: readonly string[];
}

/** About 1 KB of arguments without anything a scanner could find. */
export const PAYLOAD = 'the quick brown fox jumps over the lazy dog. '.repeat(21).slice(0, 940);

/** One chunk of a streamed answer. */
export const CHUNK = 'the quick brown fox ';

export const MODEL = 'bench-model';

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

/** @returns the body of a chat completion with 1 KB of text; how long a stream shall be stands in `max_tokens` */
export function chatBody(kind: CallKind): string {
  const messages = [{ role: 'user', content: PAYLOAD }];
  return JSON.stringify(
    typeof kind === 'object'
      ? { model: MODEL, messages, stream: true, max_tokens: kind.chunks }
      : { model: MODEL, messages },
  );
}

/** Whether an answer is the whole of what the upstream says to this very call. */
export function isRight(kind: CallKind, id: number, status: number, text: string): boolean {
  if (status !== 200) return false;
  try {
    if (typeof kind === 'object') return streamedText(text) === CHUNK.repeat(kind.chunks);
    const answer = JSON.parse(text.startsWith('{') ? text : (lastData(text) ?? '')) as {
      id?: unknown;
      result?: { isError?: boolean; content?: readonly { text?: string }[] };
      choices?: readonly { message?: { content?: string } }[];
    };
    if (kind === 'chat') return answer.choices?.[0]?.message?.content === PAYLOAD;
    return (
      answer.id === id && answer.result?.isError !== true && answer.result?.content?.[0]?.text === PAYLOAD
    );
  } catch {
    return false;
  }
}

/** @returns the text of a streamed answer; undefined when it did not come to its end */
function streamedText(events: string): string | undefined {
  const data = events.split('\n').filter((line) => line.startsWith('data: '));
  if (data.pop() !== 'data: [DONE]') return undefined;
  return data
    .map((line) => {
      const { choices } = JSON.parse(line.slice(6)) as {
        choices?: readonly { delta?: { content?: string } }[];
      };
      return choices?.[0]?.delta?.content ?? '';
    })
    .join('');
}

function lastData(events: string): string | undefined {
  return events
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .at(-1)
    ?.slice(6);
}
