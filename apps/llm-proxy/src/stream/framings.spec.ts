import fc from 'fast-check';
import { pieces } from '../../test/run-stream';
import { MAX_FRAME_CHARACTERS, type Frame, type Framing } from './framing';
import { JSON_ARRAY } from './json-array-framing';
import { NDJSON } from './ndjson-framing';

/** Reads as the guard does. @returns the frames, with `fault` where it is no stream of this kind */
async function read(
  framing: Framing,
  text: string,
  cuts: readonly number[] = [],
): Promise<(Frame | 'fault')[]> {
  const reader = framing.open();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const seen: (Frame | 'fault')[] = [];
  for await (const bytes of pieces(Buffer.from(text), cuts)) {
    const frames = reader.push(decoder.decode(bytes, { stream: true }));
    if (!frames) return [...seen, 'fault'];
    seen.push(...frames);
  }
  return [...seen, ...(reader.end() ?? ['fault' as const])];
}

function everyByte(text: string): number[] {
  return Array.from({ length: Buffer.byteLength(text) }, (_, index) => index);
}

const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  '"',
  '\\',
  '\n',
  '\r\n',
  ' ',
  '{"a":"é😀"}',
  '{"b":[{}]}',
  'x',
  '\u2028',
];

describe.each([
  ['lines', NDJSON],
  ['an array', JSON_ARRAY],
] as const)('a stream of %s', (_name, framing) => {
  it('has the same frames for every way of cutting it, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...TOKENS), { maxLength: 16 }),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 20 }),
        async (tokens, isOpened, cuts) => {
          const text = `${isOpened ? '[' : ''}${tokens.join('')}`;
          const whole = await read(framing, text);
          expect(await read(framing, text, cuts)).toEqual(whole);
          expect(await read(framing, text, everyByte(text))).toEqual(whole);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('has no sign of life', () => {
    expect(framing.open().signOfLife()).toBe('');
  });
});

describe('a stream of lines', () => {
  it('ends its lines with a line feed, with or without a carriage return, and the last one with nothing', async () => {
    expect(await read(NDJSON, '{"a":1}\n\r\n \n{"b":\r2}\r\n{"c":3}')).toEqual([
      { data: '{"a":1}' },
      { data: '{"b":\r2}' },
      { data: '{"c":3}' },
    ]);
  });

  it('is written so that nobody sees other lines in it', () => {
    const written = NDJSON.write({ data: '{"a":\r"x\u0085{\u2028}\u2029"}' });
    expect(written).toBe('{"a": "x\\u0085{\\u2028}\\u2029"}\n');
    expect(JSON.parse(written)).toEqual({ a: 'x\u0085{\u2028}\u2029' });
  });

  it('has no line longer than its bound, however it is cut', async () => {
    const long = 'x'.repeat(MAX_FRAME_CHARACTERS + 1);
    for (const text of [`{}\n${long}`, `{}\n${long}\n{}`]) {
      for (const cuts of [[], [MAX_FRAME_CHARACTERS], [2, 3, 4]]) {
        expect(await read(NDJSON, text, cuts)).toEqual([{ data: '{}' }, 'fault']);
      }
    }
    expect(await read(NDJSON, long.slice(1))).toHaveLength(1);
  });
});

describe('a stream of an array', () => {
  it('is read again as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.dictionary(fc.string(), fc.string())), async (values) => {
        const frames = await read(JSON_ARRAY, JSON.stringify(values));
        const written = frames.map((frame) => (frame === 'fault' ? frame : JSON_ARRAY.write(frame))).join('');
        expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(values)));
        expect(await read(JSON_ARRAY, written)).toEqual(frames);
      }),
    );
  });

  it('has its elements as they are written, and its place as event', async () => {
    const text = ' [{\n  "a": "}],{"\n}\n,\n{"b":["\\"",{}]}\n]\n';
    const frames = await read(JSON_ARRAY, text);
    expect(frames).toEqual([
      { event: 'first', data: '{\n  "a": "}],{"\n}' },
      { data: '{"b":["\\"",{}]}' },
      { event: 'end', data: '' },
    ]);
    expect(frames.map((frame) => (frame === 'fault' ? '' : JSON_ARRAY.write(frame))).join('')).toBe(
      text.slice(1),
    );
    expect(await read(JSON_ARRAY, '[ ]')).toEqual([{ event: 'empty', data: '' }]);
  });

  it.each([
    ['is none', '{"a":1}'],
    ['has something before it', 'x[{}]'],
    ['has elements that are no objects', '[1]'],
    ['has a list as element', '[[{}]]'],
    ['begins with a comma', '[,{}]'],
    ['ends with a comma', '[{},]'],
    ['has no commas', '[{}{}]'],
    ['is not closed', '[{}'],
    ['breaks off in an element', '[{"a":"]'],
    ['is nothing', ''],
  ])('is not understood when it %s', async (_name, text) => {
    expect((await read(JSON_ARRAY, text)).at(-1)).toBe('fault');
  });

  it('has nothing behind its end', async () => {
    expect(await read(JSON_ARRAY, '[{}] [{"a":1}]')).toEqual([
      { event: 'first', data: '{}' },
      { event: 'end', data: '' },
    ]);
  });

  it('has no element longer than its bound, however it is cut', async () => {
    const text = `[{},{"a":"${'x'.repeat(MAX_FRAME_CHARACTERS)}"}]`;
    for (const cuts of [[], [5, 100], [MAX_FRAME_CHARACTERS]]) {
      expect(await read(JSON_ARRAY, text, cuts)).toEqual([{ event: 'first', data: '{}' }, 'fault']);
    }
  });
});
