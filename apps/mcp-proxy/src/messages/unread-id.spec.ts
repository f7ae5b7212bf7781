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
});
