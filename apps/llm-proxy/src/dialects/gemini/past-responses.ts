import { isObject } from '@behavry/contracts';
import { resultsOfParts, type PastResult } from '../past-results';
import { isSigned } from './candidates';

type Members = Readonly<Record<string, unknown>>;

/** The two forms of the member's name. */
const RESPONSES = ['functionResponse', 'function_response'] as const;

/** @returns what functions have answered, as a content tells it */
export function pastResponses(content: Members): readonly PastResult[] {
  return resultsOfParts(content, 'parts', (part) =>
    isSigned(part)
      ? []
      : RESPONSES.flatMap((name): readonly PastResult[] => {
          const value = part[name];
          return isObject(value) ? [{ path: [name], value, saying: (text) => saying(value, text) }] : [];
        }),
  );
}

/** Files that came with it go, too. */
function saying(response: Members, text: string): object {
  const kept = Object.entries(response).filter(([name]) => name !== 'parts');
  return { ...Object.fromEntries(kept), response: { output: text } };
}
