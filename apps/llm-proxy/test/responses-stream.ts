import { RESPONSES } from '../src/dialects/openai/responses';
import { runStream, type StreamOutcome, type StreamSetting } from './run-stream';

/** One event of a streamed response. */
export function event(type: string, more: object = {}): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 0, ...more })}\n\n`;
}

/** An event about an item of the output. @param type behind `response.` */
export function about(output_index: number, type: string, more: object = {}): string {
  return event(`response.${type}`, { output_index, item_id: `item_${String(output_index)}`, ...more });
}

export function added(output_index: number, item: object): string {
  return event('response.output_item.added', {
    output_index,
    item: { id: `item_${String(output_index)}`, ...item },
  });
}

export function done(output_index: number, item: object): string {
  return event('response.output_item.done', {
    output_index,
    item: { id: `item_${String(output_index)}`, ...item },
  });
}

/** The event that ends a response. @param items each with its place */
export function completed(items: readonly object[], state = 'completed'): string {
  const output = items.map((item, place) => ({ id: `item_${String(place)}`, ...item }));
  return event(`response.${state}`, {
    response: { status: state, output, usage: { input_tokens: 2, output_tokens: 1, total_tokens: 3 } },
  });
}

/** A call of a function as an item. */
export function called(name: string, args: string): object {
  return { type: 'function_call', call_id: 'call', name, arguments: args };
}

/** A call as its item begins, is written in pieces and is whole, each time told in full. */
export function calling(output_index: number, name: string, ...pieces: readonly string[]): string {
  const args = pieces.join('');
  return [
    added(output_index, called(name, '')),
    ...pieces.map((delta) => about(output_index, 'function_call_arguments.delta', { delta })),
    about(output_index, 'function_call_arguments.done', { arguments: args }),
    done(output_index, called(name, args)),
  ].join('');
}

/** A message as an item. */
export function said(text: string, logprobs: readonly object[] = []): object {
  return { type: 'message', role: 'assistant', content: [{ type: 'output_text', text, logprobs }] };
}

/** A message as its item begins, is written in pieces and is whole. */
export function saying(output_index: number, ...pieces: readonly string[]): string {
  const text = pieces.join('');
  const at = { content_index: 0 };
  const part = { type: 'output_text', text: '', annotations: [] };
  return [
    added(output_index, { type: 'message', role: 'assistant', content: [] }),
    about(output_index, 'content_part.added', { ...at, part }),
    ...pieces.map((delta) =>
      about(output_index, 'output_text.delta', {
        ...at,
        delta,
        logprobs: [{ token: delta }],
        obfuscation: 'x',
      }),
    ),
    about(output_index, 'output_text.done', { ...at, text, logprobs: [{ token: text }] }),
    about(output_index, 'content_part.done', { ...at, part: { ...part, text } }),
    done(output_index, said(text, [{ token: text }])),
  ].join('');
}

/** Runs the text of a streamed response through the guard. */
export function runResponse(
  body: string,
  cuts: readonly number[] = [],
  setting: StreamSetting = {},
): Promise<StreamOutcome> {
  return runStream(RESPONSES, Buffer.from(body), cuts, { hidesTokens: false, ...setting });
}
