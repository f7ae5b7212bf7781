import { KeyedDigest } from './keyed-digest';
import { boundContent, toolCall } from './call';

const digest = new KeyedDigest(Buffer.alloc(32, 1));
const of = (args: unknown, beside: unknown = null, tool = 'pay'): string =>
  digest.ofJson(boundContent(toolCall(tool, args, { beside })));

describe('what an approval is bound to', () => {
  const first = of({ amount: 1 }, { name: 'pay', _meta: { note: 'a' } });

  it.each([
    ['arguments', of({ amount: 2 }, { name: 'pay', _meta: { note: 'a' } })],
    ['metadata', of({ amount: 1 }, { name: 'pay', _meta: { note: 'b' } })],
    ['another member', of({ amount: 1 }, { name: 'pay', task: { ttl: 1 }, _meta: { note: 'a' } })],
    ['no metadata', of({ amount: 1 }, { name: 'pay' })],
    ['the tool', of({ amount: 1 }, { name: 'pay', _meta: { note: 'a' } }, 'pay2')],
  ])('is not the same call with other %s', (_what, other) => {
    expect(other).not.toBe(first);
  });

  it.each(['progressToken', 'traceparent', 'tracestate', 'baggage'])(
    'is the same call with another %s',
    (name) => {
      expect(of({ amount: 1 }, { name: 'pay', _meta: { note: 'a', [name]: 'other' } })).toBe(first);
    },
  );

  it('is the same call with another context of a trace in its headers, and no other header', () => {
    const beside = { name: 'pay', _meta: { note: 'a' } };
    const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'x=1' };
    expect(of({ amount: 1 }, { ...beside, headers })).toBe(first);
    expect(of({ amount: 1 }, { ...beside, headers: { ...headers, method: 'x' } })).not.toBe(first);
  });

  it('can be made by this plane alone', () => {
    const other = new KeyedDigest(Buffer.alloc(32, 2));
    expect(other.ofText('x')).not.toBe(digest.ofText('x'));
    expect(digest.ofText('x')).toMatch(/^[0-9a-f]{32}$/);
  });
});
