import { isObject } from '@behavry/contracts';
import { isAbsent, textIn } from '../reading';
import { beforeLast, textOfParts, type Members, type Turns } from '../turns';

/** Turns of chat completions. */
export const CHAT_TURNS: Turns = {
  before: (body) => beforeLast(body, 'messages', saidIn),
  isSaid: ({ channel }) => channel === '/choices/0/delta/content',
  withhold(answer, why) {
    const [choice, ...more] = answer['choices'] as Record<string, unknown>[];
    const message = choice?.['message'];
    if (!choice || more.length > 0 || !isObject(message)) return '';
    delete message['tool_calls'];
    delete message['function_call'];
    message['refusal'] = why;
    choice['finish_reason'] = 'content_filter';
    return textIn(message, 'content') ?? '';
  },
};

function saidIn({
  role,
  content,
  tool_calls: calls,
  function_call: legacy,
  audio,
}: Members): string | undefined {
  const isPlain = isAbsent(calls) && isAbsent(legacy) && isAbsent(audio);
  if (role !== 'assistant' || !isPlain) return undefined;
  return textOfParts(content, (part) => (part['type'] === 'text' ? textIn(part, 'text') : undefined));
}
