import { isRight } from './calls';
import { percentile, rowTable, verdictOf } from './figures';
import { ageOf, APIS, CHUNK, DIALECTS, modelBody, modelPath, PAYLOAD, stamp } from './models';

describe('the figures', () => {
  it('take percentiles of what was measured, not between', () => {
    expect(percentile([5, 1, 3], 0.5)).toBe(3);
    expect(percentile([1, 2, 3, 4], 0.99)).toBe(4);
    expect(percentile([], 0.5)).toBeNaN();
  });

  it.each([
    [3.9, '✓'],
    [4, '✓'],
    [4.1, '·'],
    [5, '·'],
    [5.1, '✗'],
    [NaN, '–'],
  ] as const)('judge %d against must 5 and aim 4 as %s', (value, mark) => {
    expect(verdictOf({ name: 'x', unit: '×', value, must: 5, aim: 4 })).toBe(mark);
  });

  it('say why something was not measured', () => {
    expect(rowTable([{ name: 'x', unit: 'ms', must: 5, why: 'no Redis' }])).toContain(
      '| x | not measured: no Redis | ≤ 5 ms | – | – |',
    );
  });
});

describe('an answer', () => {
  const mcp = (result: object, id = 7): string => JSON.stringify({ jsonrpc: '2.0', id, result });
  const content = [{ type: 'text', text: PAYLOAD }];
  const event = (text: string): string =>
    `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`;

  it.each([
    ['whole', mcp({ content }), true],
    ['whole, as an event', `event: message\ndata: ${mcp({ content })}\n\n`, true],
    ['of another call', mcp({ content }, 8), false],
    ['an error of the tool', mcp({ content, isError: true }), false],
    ['of other text', mcp({ content: [{ type: 'text', text: `${PAYLOAD}!` }] }), false],
    ['no JSON', 'oops "result"', false],
  ])('to a tool call, %s', (_what, text, right) => {
    expect(isRight('mcp', 7, 200, text)).toBe(right);
    expect(isRight('mcp', 7, 503, text)).toBe(false);
  });

  it.each([
    ['whole', `${event(CHUNK)}${event(CHUNK)}data: [DONE]\n\n`, true],
    ['chunks put together', `${event(CHUNK + CHUNK)}data: [DONE]\n\n`, true],
    ['cut off', `${event(CHUNK)}${event(CHUNK)}`, false],
    ['a chunk lost', `${event(CHUNK)}data: [DONE]\n\n`, false],
  ])('as a stream, %s', (_what, text, right) => {
    expect(isRight({ api: 'openai', chunks: 2 }, 1, 200, text)).toBe(right);
  });

  it.each(APIS)('of %s is what its upstream says, and nothing less', (api) => {
    const { whole, frames, wanted } = DIALECTS[api];
    expect(isRight({ api }, 1, 200, JSON.stringify(whole()))).toBe(true);
    const call = { api, chunks: 2 };
    expect(wanted(modelPath(call), JSON.parse(modelBody(call)) as Record<string, unknown>)).toEqual({
      model: 'bench-model',
      chunks: 2,
    });
    const { begin, piece, end } = frames(stamp);
    expect(isRight(call, 1, 200, `${begin}${piece()}${piece()}${end}`)).toBe(true);
    expect(isRight(call, 1, 200, `${begin}${piece()}${end}`)).toBe(false);
    expect(isRight(call, 1, 200, `${begin}${piece()}${piece()}`)).toBe(false);
  });

  it('tells how old its stamp is', () => {
    expect(ageOf(`{"system_fingerprint":"${stamp()}"}`)).toBeLessThan(50);
    expect(ageOf('{}')).toBeUndefined();
  });
});
