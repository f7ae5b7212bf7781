import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { AddressGuard } from './address-guard';
import { guardedConnector, type GuardedConnectorOptions } from './guarded-connector';

let server: Server;
let port: number;
const reached: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    reached.push(request.url ?? '');
    response.setHeader('connection', 'close');
    response.end('here');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());
beforeEach(() => {
  reached.length = 0;
});

async function get(
  hostname: string,
  allowed: readonly string[],
  more: Partial<GuardedConnectorOptions> & { ownPorts?: readonly number[] } = {},
): Promise<string> {
  const origin = new URL(`http://${hostname}:${String(port)}`);
  const refusals: string[] = [];
  const pool = new Pool(origin.origin, {
    connect: guardedConnector({
      guard: new AddressGuard({ allowed, ownPorts: more.ownPorts ?? [] }),
      origin,
      timeoutMs: 2_000,
      onRefused: (reason) => refusals.push(reason),
      ...more,
    }),
  });
  try {
    const { body } = await pool.request({ path: '/', method: 'GET' });
    return await body.text();
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('BEHAVRY_ADDRESS_REFUSED');
    expect(refusals).toHaveLength(1);
    return 'refused';
  } finally {
    await pool.destroy();
  }
}

describe('connecting to a registered host', () => {
  it.each([
    '127.0.0.1',
    'localhost',
    '2130706433',
    '0x7f.1',
    '127.1',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '[::]',
  ])('refuses %s when only public addresses are allowed, before anything is sent', async (hostname) => {
    expect(await get(hostname, ['public'])).toBe('refused');
    expect(reached).toEqual([]);
  });

  it('reaches what is allowed, by name and by address', async () => {
    expect(await get('localhost', ['loopback'])).toBe('here');
    expect(await get('127.0.0.1', [`127.0.0.1:${String(port)}`])).toBe('here');
    expect(await get('127.0.0.1', ['loopback'], { ownPorts: [port] })).toBe('refused');
  });

  it('judges the address that it connects to, so a name that moves after a check gains nothing', async () => {
    const answers = ['93.184.216.34', '127.0.0.1'];
    const resolve: NonNullable<GuardedConnectorOptions['resolve']> = (_hostname, _options, done) => {
      done(null, [{ address: answers.shift() ?? '127.0.0.1', family: 4 }]);
    };
    // The first answer is what a check before the connection would have seen.
    await new Promise<void>((looked) => resolve('moving.test', { all: true }, () => looked()));
    expect(await get('moving.test', ['public'], { resolve })).toBe('refused');
    expect(reached).toEqual([]);
  });

  it('takes of several addresses only those that are allowed', async () => {
    const resolve: NonNullable<GuardedConnectorOptions['resolve']> = (_hostname, _options, done) => {
      done(
        null,
        ['169.254.169.254', '127.0.0.1'].map((address) => ({ address, family: 4 })),
      );
    };
    expect(await get('both.test', ['loopback'], { resolve })).toBe('here');
  });
});
