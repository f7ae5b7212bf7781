import { isCurrent, waitOf } from './conditional';

describe('a conditional request', () => {
  it.each([
    ['"a"', true],
    ['W/"a"', true],
    ['"b", "a"', true],
    ['*', true],
    ['"b"', false],
    ['a', false],
    ['', false],
    [undefined, false],
  ])('with If-None-Match %s is current: %s', (header, expected) => {
    expect(isCurrent(header, '"a"')).toBe(expected);
  });

  it.each([
    ['modes=snapshot,delta;wait=45', 45],
    ['modes=snapshot,delta', undefined],
    ['wait=20', 20],
    ['respond-async, wait="7"', 7],
    ['await=20', undefined],
    ['wait=x', undefined],
    ['wait=12345678', undefined],
    [undefined, undefined],
  ])('with Prefer %s waits %s s', (header, expected) => {
    expect(waitOf(header)).toBe(expected);
  });
});
