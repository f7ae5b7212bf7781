import { bothForms, camelOf, membersOf, namesOf } from './members';

const NAMES = namesOf('functionCall text');

describe('the members of an object', () => {
  it('are found under their names, in the forms that all readers take', () => {
    expect(membersOf({ functionCall: 1, text: 2 }, NAMES)).toEqual({
      members: { functionCall: 1, text: 2 },
      hasOthers: false,
    });
    expect(membersOf({ function_call: 1, other: 2 }, NAMES, 'snake')).toEqual({
      members: { functionCall: 1 },
      hasOthers: true,
    });
  });

  it.each([
    ['both forms', { functionCall: 1, function_call: 2 }],
    ['another case', { FunctionCall: 1 }],
    ['another case beside the right one', { functionCall: 1, functioncall: 2 }],
    ['more underscores', { function__call: 1 }],
  ])('are not understood with %s', (_name, holder) => {
    expect(membersOf(holder, NAMES, 'snake')).toBeUndefined();
  });

  it('fold as the readers fold that know more letters', () => {
    expect(membersOf({ 'tool_call\u017f': 1 }, namesOf('tool_calls'))).toBeUndefined();
    expect(membersOf({ 'to\u212aen': 1 }, namesOf('token'))).toBeUndefined();
  });

  it('have one form where nobody takes the other', () => {
    expect(membersOf({ function_call: 1 }, NAMES)).toBeUndefined();
    expect(membersOf({ toolCalls: 1 }, namesOf('tool_calls'))).toBeUndefined();
  });

  it('have names in two forms', () => {
    expect([...bothForms('topK a')]).toEqual(['topK', 'top_k', 'a']);
    expect(camelOf('google_search_2x')).toBe('googleSearch2x');
  });
});
