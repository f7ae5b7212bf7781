import { isObject } from '@behavry/contracts';
import { camelOf } from '../members';
import { isAbsent, textIn } from '../reading';
import { beforeLast, textOfParts, type Members, type Turns } from '../turns';

/** Turns of contents. */
export const TURNS: Turns = {
  before: (body) =>
    beforeLast(body, 'contents', ({ role, parts }) =>
      role === 'model' && Array.isArray(parts) ? textOfParts(parts, textOf) : undefined,
    ),
  isSaid: ({ channel }) => channel === '/candidates/0/text',
  withhold(answer, why) {
    const [candidate, ...more] = answer['candidates'] as Record<string, unknown>[];
    const content = candidate?.['content'];
    if (!candidate || more.length > 0 || !isObject(content)) return '';
    const parts = ((content['parts'] ?? []) as Members[]).filter((part) => isAbsent(callIn(part)));
    content['parts'] = parts;
    for (const name of Object.keys(candidate))
      if (camelOf(name) === 'finishReason' || camelOf(name) === 'finishMessage')
        Reflect.deleteProperty(candidate, name);
    Object.assign(candidate, { finishReason: 'PROHIBITED_CONTENT', finishMessage: why });
    return parts.map((part) => textOf(part) ?? '').join('');
  },
};

function callIn(part: Members): unknown {
  return part['functionCall'] ?? part['function_call'];
}

function textOf(part: Members): string | undefined {
  return part['thought'] === true ? '' : textIn(part, 'text');
}
