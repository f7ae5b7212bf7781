import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { overSignal, whenOver } from './when-over';

describe('whenOver', () => {
  const server = createServer();
  beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  const ask = () => {
    const client = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
    client.on('error', () => undefined);
    client.end();
    return client;
  };
  const asked = async (): Promise<ServerResponse> =>
    ((await once(server, 'request')) as [unknown, ServerResponse])[1];

  it('tells when the client goes away', async () => {
    const client = ask();
    const over = overSignal(await asked());
    expect(over.aborted).toBe(false);
    client.destroy();
    await once(over, 'abort');
  });

  it('tells when the client had gone before anybody asked', async () => {
    const client = ask();
    const response = await asked();
    client.destroy();
    await once(response, 'close');
    expect(overSignal(response).aborted).toBe(true);
  });

  it('tells once when the response was sent', async () => {
    ask();
    const response = await asked();
    let times = 0;
    whenOver(response, () => (times += 1));
    response.end('done');
    await once(response, 'close');
    expect(times).toBe(1);
  });
});
