import type { CallPiece } from '../dialects/dialect';
import { CallAssembler } from './call-assembler';

function piece(more: Partial<CallPiece>): CallPiece {
  return { group: 0, index: 0, form: 'json', name: '', arguments: '', ...more };
}

const BEGUN = piece({ name: 'rm', id: 'a' });
const WRITTEN = piece({ arguments: '{"a":1}' });
const WHOLE = piece({ name: 'rm', id: 'a', arguments: '{"a":1}', isWhole: true });

/** @returns whether each of the pieces was taken; those behind a null after what was whole was decided */
function taken(pieces: readonly (CallPiece | null)[]): boolean[] {
  const calls = new CallAssembler();
  const results: boolean[] = [];
  for (const one of pieces) {
    if (one) results.push(calls.add(one));
    else calls.release();
  }
  return results;
}

describe('a call that is told more than once', () => {
  it('is one call, and nothing when it is told again after it was decided', () => {
    const calls = new CallAssembler();
    for (const one of [BEGUN, WRITTEN, WHOLE, WHOLE]) expect(calls.add(one)).toBe(true);
    expect(calls.whole(0)).toEqual([{ name: 'rm', arguments: { a: 1 } }]);
    calls.release(0);
    expect(calls.add(WHOLE)).toBe(true);
    expect([calls.whole(), calls.isPending(0)]).toEqual([[], false]);
  });

  it.each<[string, readonly (CallPiece | null)[]]>([
    ['other arguments', [BEGUN, WRITTEN, { ...WHOLE, arguments: '{}' }]],
    ['another name', [BEGUN, WRITTEN, { ...WHOLE, name: 'mv' }]],
    ['another id', [BEGUN, WRITTEN, { ...WHOLE, id: 'b' }]],
    ['another kind', [BEGUN, WRITTEN, { ...WHOLE, form: 'text' }]],
    ['a piece behind its whole', [BEGUN, WHOLE, WRITTEN]],
    ['its name again in a piece', [BEGUN, BEGUN]],
    ['its id in another group', [BEGUN, { ...BEGUN, group: 1 }]],
    ['other arguments after it was decided', [WHOLE, null, { ...WHOLE, arguments: '{}' }]],
    ['another name after it was decided', [WHOLE, null, { ...WHOLE, name: 'mv' }]],
    ['a piece after it was decided', [WHOLE, null, { ...WRITTEN, arguments: '' }]],
    ['a part of it after it was decided', [WHOLE, null, { ...WHOLE, at: ['a'] }]],
    [
      'two ends of a part',
      [piece({ at: ['a'], arguments: '1' }), piece({ at: ['a'], arguments: '2', isWhole: true })],
    ],
  ])('is not the same with %s', (_name, pieces) => {
    const results = taken(pieces);
    expect(results.pop()).toBe(false);
    expect(results).not.toContain(false);
  });

  it.each<[string, readonly CallPiece[], string]>([
    ['a text', [piece({ at: ['a'], arguments: 'x' }), piece({ at: ['a'], arguments: 'y' })], '{"a":"xy"}'],
    ['a number in a list', [piece({ at: ['a', 1], arguments: '7' })], '{"a":[null,7]}'],
    ['an object', [piece({ at: ['a'], arguments: '{"b":1}' })], '{"a":{"b":1}}'],
  ])('has its parts where they were told: %s', (_name, parts, text) => {
    const ending = (args: string): CallAssembler => {
      const calls = new CallAssembler();
      for (const one of [...parts, piece({ name: 'f', arguments: args, isWhole: true })]) calls.add(one);
      return calls;
    };
    expect(ending(text).whole()).toEqual([{ name: 'f', arguments: JSON.parse(text) as unknown }]);
    expect(ending('{"a":"x"}').whole()).toBeUndefined();
    expect(ending('{"b":1}').whole()).toBeUndefined();
    expect(ending('{').whole()).toBeUndefined();
  });

  it('is not remembered when the provider ran it, or when it came only in pieces', () => {
    const calls = new CallAssembler();
    for (const one of [BEGUN, WRITTEN, piece({ group: 1, form: 'foreign', isWhole: true })]) calls.add(one);
    calls.release();
    for (const one of [WHOLE, { ...WHOLE, id: 'b', group: 1 }]) expect(calls.add(one)).toBe(true);
    expect(calls.whole()).toHaveLength(2);
  });
});
