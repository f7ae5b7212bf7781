import { createServer, type Server } from 'node:https';
import {
  createServer as createTcpServer,
  connect,
  type AddressInfo,
  type Server as TcpServer,
} from 'node:net';
import { ProxyAgent, request } from 'undici';
import { createLogger } from '@behavry/platform';
import { issueCertificate, makeAuthority } from '@behavry/testing';
import { placeOf, UplinkGate } from '../src/gate';

const log = createLogger('uplink-gate', 'silent', {});

describe('the gate of a plane', () => {
  let controlPlane: Server;
  let elsewhere: TcpServer;
  let ca = '';
  const strangers: string[] = [];
  const gates: UplinkGate[] = [];

  const portOf = (server: { address: () => unknown }): number => (server.address() as AddressInfo).port;
  const opened = async (proxy?: URL): Promise<number> => {
    const place = placeOf(`https://localhost:${portOf(controlPlane)}`);
    const gate = new UplinkGate({ place, log, ...(proxy ? { proxy } : {}) });
    gates.push(gate);
    await gate.listen('127.0.0.1', 0);
    return portOf(gate.server);
  };
  const get = async (gatePort: number, url: string): Promise<string> => {
    const agent = new ProxyAgent({ uri: `http://127.0.0.1:${gatePort}`, requestTls: { ca } });
    try {
      const { body } = await request(url, { dispatcher: agent });
      return await body.text();
    } finally {
      await agent.destroy();
    }
  };
  /** What a CONNECT to a target is answered. */
  const ask = (gatePort: number, target: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(gatePort, '127.0.0.1', () =>
        socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`),
      );
      socket.once('data', (data) => {
        socket.destroy();
        resolve(data.toString().split('\r\n', 1)[0] ?? '');
      });
      socket.once('error', reject);
    });

  beforeAll(async () => {
    const authority = await makeAuthority('Test authority', 1);
    ca = authority.certificate;
    const { certificate, key } = await issueCertificate(authority, ['localhost'], 1);
    controlPlane = createServer({ cert: certificate, key }, (_request, response) =>
      response.end('control plane'),
    );
    elsewhere = createTcpServer((socket) => {
      strangers.push('reached');
      socket.end();
    });
    for (const server of [controlPlane, elsewhere])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    for (const gate of gates) await gate.close();
    controlPlane.closeAllConnections();
    controlPlane.close();
    elsewhere.close();
  });

  it('leads to the control plane, whose certificate the client sees', async () => {
    const port = await opened();
    expect(await get(port, `https://localhost:${portOf(controlPlane)}/`)).toBe('control plane');
    expect(await ask(port, `LOCALHOST:${portOf(controlPlane)}`)).toContain(' 200 ');
  });

  it('leads nowhere else: not to its address, another port, or what only looks alike', async () => {
    const port = await opened();
    const own = portOf(controlPlane);
    for (const target of [
      `127.0.0.1:${own}`,
      `localhost:${portOf(elsewhere)}`,
      `localhost.evil.test:${own}`,
      `evil.test@localhost:${own}`,
      `localhost:${own}@evil.test`,
      `localhost`,
      `localhost:`,
      `[::1]:${own}`,
      `localhost:${own}/x`,
      `localhost:${String(own)}0`,
    ])
      expect([target, await ask(port, target)]).toEqual([target, expect.stringMatching(/ (403|400) /)]);
    const plain = await request(`http://127.0.0.1:${port}/x`);
    expect(plain.statusCode).toBe(405);
    expect((await request(`http://127.0.0.1:${port}/health/live`)).statusCode).toBe(200);
    expect(strangers).toEqual([]);
  });

  it('goes through a further proxy, to which the same place is named', async () => {
    const far = await opened();
    const port = await opened(new URL(`http://user:p%40ss@127.0.0.1:${far}`));
    expect(await get(port, `https://localhost:${portOf(controlPlane)}/`)).toBe('control plane');
    const deaf = await opened(new URL(`http://127.0.0.1:${portOf(elsewhere)}`));
    expect(await ask(deaf, `localhost:${portOf(controlPlane)}`)).toContain(' 502 ');
  });
});
