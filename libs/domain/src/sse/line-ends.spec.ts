import fc from 'fast-check';
import { LineEnds } from './line-ends';

describe('line ends', () => {
  it('become LF, the same for every split', () => {
    const pieces = fc.array(fc.constantFrom('a', '\r', '\n', '\r\n', ''), { maxLength: 20 });
    fc.assert(
      fc.property(pieces, (texts) => {
        const whole = texts.join('').replace(/\r\n|\r/g, '\n');
        const ends = new LineEnds();
        expect(texts.map((text) => ends.normalise(text)).join('')).toBe(whole);
      }),
    );
  });

  it('are told at once', () => {
    expect(new LineEnds().normalise('data: x\r\r')).toBe('data: x\n\n');
  });
});
