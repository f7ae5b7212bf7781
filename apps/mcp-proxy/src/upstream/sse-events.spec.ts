import fc from 'fast-check';
import { sseEvents, StreamTooLargeError } from './sse-events';
import type { UpstreamEvent } from './upstream-session';

async function read(chunks: readonly Uint8Array[], maxBytes = 10_000): Promise<UpstreamEvent[]> {
  const all: UpstreamEvent[] = [];
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  for await (const event of sseEvents(body(), maxBytes)) all.push(event);
  return all;
}

const STREAM = Buffer.from(
  ': comment\r\nid: 1\r\ndata: \r\n\r\nretry: 20\ndata: {"a":"é€😀"}\n\nevent: message\rdata: one\rdata: two\r\rdata: cut off',
);

describe('server-sent events from bytes', () => {
  it('are the same for every split of the bytes', async () => {
    const whole = await read([STREAM]);
    expect(whole).toEqual([
      { text: '', eventId: '1' },
      { text: '', retryMs: 20 },
      { text: '{"a":"é€😀"}' },
      { text: 'one\ntwo' },
    ]);
    for (let cut = 1; cut < STREAM.length; cut++) {
      expect(await read([STREAM.subarray(0, cut), STREAM.subarray(cut)])).toEqual(whole);
    }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }), async (sizes) => {
        const chunks: Uint8Array[] = [];
        let position = 0;
        for (const size of sizes) chunks.push(STREAM.subarray(position, (position += size)));
        expect(await read([...chunks, STREAM.subarray(position)])).toEqual(whole);
      }),
      { numRuns: 50 },
    );
  });

  it('end when one of them is too large', async () => {
    const endless = Array.from({ length: 50 }, () => Buffer.from(`data: ${'x'.repeat(1_000)}\n`));
    await expect(read(endless)).rejects.toThrow(StreamTooLargeError);
  });
});
