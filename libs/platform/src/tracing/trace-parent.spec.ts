import { readTraceParent, traceParentText } from './trace-parent';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

it('reads what it writes', () => {
  for (const isSampled of [true, false]) {
    const parent = { traceId: TRACE, spanId: SPAN, isSampled };
    expect(readTraceParent(traceParentText(parent))).toEqual(parent);
  }
  expect(readTraceParent(`00-${TRACE}-${SPAN}-03`)?.isSampled).toBe(true);
});

it.each([
  ['nothing', undefined],
  ['a list', [`00-${TRACE}-${SPAN}-01`]],
  ['another version', `01-${TRACE}-${SPAN}-01`],
  ['more behind it', `00-${TRACE}-${SPAN}-01-x`],
  ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['no trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['a line feed', `00-${TRACE}-${SPAN}-01\n`],
])('reads no context in %s', (_what, text) => {
  expect(readTraceParent(text)).toBeUndefined();
});
