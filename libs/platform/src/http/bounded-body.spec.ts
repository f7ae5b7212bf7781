import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { boundedBody } from './bounded-body';

describe('a bounded body', () => {
  let server: Server;
  let answer: RequestListener;

  beforeAll(async () => {
    server = createServer((asked, response) => answer(asked, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const url = (): string => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;

  it('is read whole up to its bound', async () => {
    answer = (_asked, response) => {
      response.write('ab');
      setImmediate(() => response.end('cd'));
    };
    const { body } = await request(url());
    expect(await boundedBody(body, 4)).toEqual(Buffer.from('abcd'));
  });

  it('is given up above it, however much is still to come', async () => {
    answer = (_asked, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        response.once('drain', more);
      };
      more();
    };
    const { body } = await request(url());
    const [, response] = await Promise.all([
      expect(boundedBody(body, 1_000)).rejects.toThrow('larger than 1000 bytes'),
      Promise.resolve(body),
    ]);
    expect(response.destroyed).toBe(true);
  });
});
