import fc from 'fast-check';
import { unreadId } from './unread-id';

const idOf = (message: unknown): unknown => unreadId(Buffer.from(JSON.stringify(message)));
const BULK = 'x'.repeat(20_000);
const params = { name: 'echo', arguments: { text: BULK, id: 8 } };

describe('the id of a request that was not read', () => {
  it('is found where clients write it', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer(), fc.stringMatching(/^[^"\\\u0000-\u001f]{0,36}$/u)),
        fc.constantFrom(undefined, 1, '\t'),
        (id, space) => {
          for (const message of [
            { jsonrpc: '2.0', id, method: 'tools/call', params },
            { method: 'tools/call', params, jsonrpc: '2.0', id },
            { jsonrpc: '2.0', method: 'tools/call', params, id },
          ])
            expect(unreadId(Buffer.from(JSON.stringify(message, null, space)))).toBe(id);
        },
      ),
    );
  });

  it('is none for what nobody waits for, whatever it holds', () => {
    expect(idOf({ jsonrpc: '2.0', id: 3, result: { text: BULK } })).toBeNull();
    expect(idOf({ result: { text: BULK, method: 'x' }, jsonrpc: '2.0', id: 3 })).toBeNull();
    expect(idOf({ jsonrpc: '2.0', method: 'notifications/x', params: { text: BULK, id: 3 } })).toBeNull();
    expect(
      idOf({ method: 'notifications/x', params: { text: `${BULK},"id":3}` }, jsonrpc: '2.0' }),
    ).toBeNull();
    expect(idOf([{ jsonrpc: '2.0', id: 1, method: 'x' }])).toBeNull();
    expect(unreadId(Buffer.alloc(0))).toBeNull();
  });

  it.each([
    '00',
    '007',
    '-01',
    '-',
    '1.5',
    '1e3',
    'true',
    'null',
    '"a',
    String.raw`"\x"`,
    `"${'i'.repeat(257)}"`,
  ])('is none for %s, which is no id', (id) => {
    expect(unreadId(Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":"x","params":{}}`))).toBeNull();
    expect(unreadId(Buffer.from(`{"method":"x","params":{},"id":${id}}`))).toBeNull();
  });

  it('is found when it is as long as one may be', () => {
    const id = '€'.repeat(256);
    expect(idOf({ jsonrpc: '2.0', id, method: 'x', params })).toBe(id);
    expect(idOf({ method: 'x', params, id })).toBe(id);
  });
});
