import { CHAT } from '../src/dialects/openai/chat';
import { runStream, type StreamOutcome, type StreamSetting } from './run-stream';

/** End mark of a streamed chat completion. */
export const DONE = 'data: [DONE]\n\n';

/** One event of a streamed chat completion. @param choice what differs from an empty first choice */
export function event(choice: object): string {
  return `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, finish_reason: null, ...choice }] })}\n\n`;
}

/** An event that carries pieces of tool calls. */
export function calling(...pieces: object[]): string {
  return event({ delta: { tool_calls: pieces } });
}

/** @returns the text that a client makes of events */
export function contentOf(text: string): string {
  return text
    .split('\n\n')
    .filter((part) => part.startsWith('data: {'))
    .map((part) => JSON.parse(part.slice(6)) as { choices: { delta: { content?: string } }[] })
    .map(({ choices }) => choices[0]?.delta.content ?? '')
    .join('');
}

/** Runs the text of a streamed chat completion through the guard. */
export function runChat(
  body: string,
  cuts: readonly number[] = [],
  setting: StreamSetting = {},
): Promise<StreamOutcome> {
  return runStream(CHAT, Buffer.from(body), cuts, setting);
}
