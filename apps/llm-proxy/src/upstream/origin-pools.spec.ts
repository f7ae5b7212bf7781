import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressGuard } from '@behavry/platform';
import { OriginPools } from './origin-pools';

/** Leaves every answer to the test. */
class Place {
  readonly waiting: ServerResponse[] = [];
  connections = 0;
  readonly #server: Server = createServer((_request, response) => {
    this.waiting.push(response);
    this.#server.emit('asked');
  });

  constructor() {
    this.#server.on('connection', (socket) => {
      this.connections += 1;
      socket.on('close', () => {
        this.connections -= 1;
        this.#server.emit('left');
      });
    });
  }

  async start(): Promise<URL> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return new URL(`http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/v1`);
  }

  async sees(event: 'asked' | 'left'): Promise<void> {
    await once(this.#server, event);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

describe('pools of providers', () => {
  let place: Place;
  let url: URL;
  const poolsWith = (own: string[], allowed: string[]): OriginPools =>
    new OriginPools({
      own: new Set(own),
      guard: new AddressGuard({ allowed, ownPorts: [] }),
      timeoutMs: 5_000,
      connectTimeoutMs: 2_000,
      connections: 4,
    });

  beforeEach(async () => {
    place = new Place();
    url = await place.start();
  });
  afterEach(() => place.stop());

  it('are opened when they are first used, one an origin', async () => {
    const pools = poolsWith([], ['loopback']);
    expect(pools.origins).toEqual([]);
    expect(pools.of(url)).toBe(pools.of(new URL('/other', url)));
    expect(pools.origins).toEqual([url.origin]);
    await pools.close();
  });

  it('are closed when nobody names them any more, after their calls are over', async () => {
    const pools = poolsWith([], ['loopback']);
    const pool = pools.of(url);
    const asked = place.sees('asked');
    const call = pool.request({ path: '/', method: 'GET' });
    await asked;
    pools.keep(new Set());
    expect(pools.origins).toEqual([]);
    expect(place.connections).toBe(1);
    const left = place.sees('left');
    place.waiting[0]?.end('here');
    expect(await (await call).body.text()).toBe('here');
    await left;
    expect(place.connections).toBe(0);
    expect(pools.of(url)).not.toBe(pool);
    await pools.close();
  });

  it('of the plane itself stay, and are broken off only at the end', async () => {
    const pools = poolsWith([url.origin], []);
    const asked = place.sees('asked');
    const call = pools.of(url).request({ path: '/', method: 'GET' });
    call.catch(() => undefined);
    await asked;
    pools.keep(new Set());
    expect(pools.origins).toEqual([url.origin]);
    await pools.close();
    await expect(call).rejects.toThrow();
  });

  it('end also while they wait for their calls', async () => {
    const pools = poolsWith([], ['loopback']);
    const asked = place.sees('asked');
    const call = pools.of(url).request({ path: '/', method: 'GET' });
    call.catch(() => undefined);
    await asked;
    pools.keep(new Set());
    await pools.close();
    await expect(call).rejects.toThrow();
  });

  it('connect to nothing that the plane does not allow', async () => {
    const pools = poolsWith([], []);
    await expect(pools.of(url).request({ path: '/', method: 'GET' })).rejects.toMatchObject({
      code: 'BEHAVRY_ADDRESS_REFUSED',
    });
    const named = new URL(`http://localhost:${url.port}`);
    await expect(pools.of(named).request({ path: '/', method: 'GET' })).rejects.toMatchObject({
      code: 'BEHAVRY_ADDRESS_REFUSED',
    });
    expect(place.connections).toBe(0);
    await pools.close();
  });
});
