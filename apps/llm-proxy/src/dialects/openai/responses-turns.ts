import { isObject } from '@behavry/contracts';
import { textIn } from '../reading';
import { beforeLast, textOfParts, type Members, type Turns } from '../turns';
import { callsIn } from './responses-items';

const SAID = /^\/output\/\d+\/content\/\d+\/text$/;

/** Turns of responses: their items. */
export const RESPONSES_TURNS: Turns = {
  before(body) {
    const earlier = beforeLast(body, 'input', saidIn);
    return earlier && { ...earlier, bodies: earlier.bodies.flatMap(asFirstSent) };
  },
  isSaid: ({ channel, isSealed }) => isSealed !== true && SAID.test(channel),
  withhold(answer, why) {
    const items = answer['output'] as unknown[];
    const left = items.filter((item) => callsIn(item)?.length === 0);
    answer['output'] = left;
    answer['status'] = 'incomplete';
    answer['incomplete_details'] = { reason: 'content_filter', message: why };
    return left.map((item) => (isObject(item) ? (saidIn(item) ?? '') : '')).join('');
  },
};

function saidIn({ type = 'message', role, content }: Members): string | undefined {
  if (type !== 'message' || role !== 'assistant') return undefined;
  return textOfParts(content, (part) => (part['type'] === 'output_text' ? textIn(part, 'text') : undefined));
}

/** What was thought before it was said is sent back with it; and one text may have been sent as it is. */
function asFirstSent(body: Members): readonly Members[] {
  const items = (body['input'] as unknown[]).slice();
  while (isObject(items.at(-1)) && (items.at(-1) as Members)['type'] === 'reasoning') items.pop();
  const listed = { ...body, input: items };
  const [only, ...more] = items;
  const { type = 'message', role, content } = isObject(only) ? only : {};
  const isText = more.length === 0 && type === 'message' && role === 'user' && typeof content === 'string';
  return isText ? [listed, { ...body, input: content }] : [listed];
}
