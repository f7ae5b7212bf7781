import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { breakOff, sendStreamHead, writeStream } from './stream';

const MEGABYTE = 'x'.repeat(1024 * 1024);

describe('a stream to a client', () => {
  const server = createServer();
  let client: Socket;
  let response: ServerResponse;

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(async () => {
    const asked = once(server, 'request');
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => undefined);
    client.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
    response = (await asked)[1] as ServerResponse;
    sendStreamHead(response, {});
  });
  afterEach(() => client.destroy());

  /** All that the client was sent until its connection ended. */
  async function received(): Promise<string> {
    let text = '';
    client.setEncoding('utf8').on('data', (part: string) => (text += part));
    await once(client, 'close');
    return text;
  }

  it('that takes nothing for a while is closed, not before', async () => {
    let waitedMs = 0;
    let isTaken = true;
    for (let count = 0; isTaken && count < 100; count++) {
      const since = performance.now();
      isTaken = await writeStream(response, MEGABYTE, 100);
      waitedMs = performance.now() - since;
    }
    expect(isTaken).toBe(false);
    expect(response.destroyed).toBe(true);
    expect(waitedMs).toBeGreaterThan(90);
    expect(await writeStream(response, 'more')).toBe(false);
  });

  it('that reads slowly gets everything, and no wait leaves a listener behind', async () => {
    const listeners = (): number[] => ['drain', 'close', 'error'].map((name) => response.listenerCount(name));
    const before = listeners();
    client.resume();
    for (let count = 0; count < 20; count++) expect(await writeStream(response, MEGABYTE)).toBe(true);
    expect(listeners()).toEqual(before);
    const closed = once(client, 'close');
    response.end();
    client.end();
    await closed;
    expect(client.bytesRead).toBeGreaterThan(20 * MEGABYTE.length);
  });

  it('that goes away in the middle is noticed at once', async () => {
    let isTaken = true;
    const writing = (async () => {
      while (isTaken) isTaken = await writeStream(response, MEGABYTE, 60_000);
    })();
    client.destroy();
    await writing;
    expect(response.destroyed).toBe(true);
  });

  it('that was ended takes no more', async () => {
    response.end();
    expect(await writeStream(response, 'late')).toBe(false);
  });

  it('says a last word and does not look complete when it is broken off', async () => {
    const text = received();
    expect(await writeStream(response, 'data: 1\n\n')).toBe(true);
    breakOff(response, 'data: the end\n\n');
    expect(await text).toMatch(/data: 1\n\n[\s\S]*data: the end\n\n\r\n$/);
  });

  it('is for this client alone', async () => {
    const text = received();
    response.end();
    client.end();
    const head = (await text).toLowerCase();
    expect(head).toContain('content-type: text/event-stream');
    expect(head).toContain('cache-control: no-cache, no-store, no-transform');
  });
});
