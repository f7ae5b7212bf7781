import { isObject } from '@behavry/contracts';
import { isAbsent, textIn } from '../reading';
import { beforeLast, type Turns } from '../turns';

/** Turns of chats. */
export const TURNS: Turns = {
  before: (body) =>
    beforeLast(body, 'messages', (turn) =>
      turn['role'] === 'assistant' && isAbsent(turn['tool_calls']) ? textIn(turn, 'content') : undefined,
    ),
  isSaid: ({ channel }) => channel === '/message/content',
  withhold(answer, why) {
    const { message } = answer;
    for (const holder of [answer, message]) if (isObject(holder)) delete holder['tool_calls'];
    answer['done_reason'] = why;
    return textIn(message, 'content') ?? '';
  },
};
