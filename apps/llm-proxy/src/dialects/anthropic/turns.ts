import { isObject } from '@behavry/contracts';
import { textIn } from '../reading';
import { beforeLast, textOfParts, type Members, type Turns } from '../turns';

const SAID = /^\/content\/\d+\/text$/;

/** Turns of messages. */
export const TURNS: Turns = {
  before: (body) =>
    beforeLast(body, 'messages', ({ role, content }) =>
      role === 'assistant' ? textOfParts(content, textOf) : undefined,
    ),
  isSaid: ({ channel }) => SAID.test(channel),
  withhold(answer, why) {
    const blocks = (answer['content'] as unknown[]).filter(
      (block) => isObject(block) && block['type'] !== 'tool_use',
    );
    answer['content'] = blocks;
    answer['stop_reason'] = 'refusal';
    answer['stop_details'] = { type: 'refusal', category: null, explanation: why };
    return blocks.map((block) => textOf(block as Members) ?? '').join('');
  },
};

function textOf(block: Members): string | undefined {
  switch (block['type']) {
    case 'text':
      return textIn(block, 'text');
    case 'thinking':
    case 'redacted_thinking':
      return '';
    default:
      return undefined;
  }
}
