import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { issueCertificate, makeAuthority, tempDir } from '@behavry/test-components';
import { controlPlaneAgent, loadConfig, UplinkConfig } from '../src';

const GIVEN = {
  BEHAVRY_DEPLOYMENT_MODE: 'data-plane',
  BEHAVRY_DB_URL: 'postgres://h/d',
  BEHAVRY_CONTROL_PLANE_URL: 'https://control.test',
  BEHAVRY_TENANT_ID: '0190a8f0-0000-7000-8000-000000000001',
  BEHAVRY_DEPLOYMENT_ID: 'dp-1',
};

/** An HTTP proxy that knows where `control.test` is (RFC 9110 §9.3.6). */
function proxyTo(port: () => number, asked: string[]): HttpServer {
  const server = createHttpServer();
  server.on('connect', (incoming, client, head) => {
    asked.push(incoming.url ?? '');
    const upstream = connect(port(), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    for (const end of [upstream, client]) end.on('error', () => undefined);
  });
  return server;
}

describe('the way to the control plane', () => {
  const folder = tempDir();
  const caFile = join(folder, 'ca.crt');
  const asked: string[] = [];
  let controlPlane: Server;
  let proxy: HttpServer;

  const listening = async (server: Server | HttpServer): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const portOf = (server: Server | HttpServer): number => (server.address() as AddressInfo).port;
  const get = async (host: string, variables: Readonly<Record<string, string>>): Promise<string> => {
    const agent = controlPlaneAgent(loadConfig(UplinkConfig, { ...GIVEN, ...variables }), {
      connectMs: 2_000,
    });
    try {
      const { body } = await request(`https://${host}:${portOf(controlPlane)}/`, { dispatcher: agent });
      return await body.text();
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error);
    } finally {
      await agent.destroy();
    }
  };

  beforeAll(async () => {
    const authority = await makeAuthority('Test authority', 1);
    writeFileSync(caFile, authority.certificate);
    const { certificate, key } = await issueCertificate(authority, ['control.test', '127.0.0.1'], 1);
    controlPlane = createServer({ cert: certificate, key }, (_request, response) => response.end('here'));
    await listening(controlPlane);
    proxy = proxyTo(() => portOf(controlPlane), asked);
    await listening(proxy);
  });
  afterAll(() => {
    for (const server of [controlPlane, proxy]) {
      server.closeAllConnections();
      server.close();
    }
  });
  beforeEach(() => {
    asked.length = 0;
  });

  it('trusts the authorities of the file, and nobody else', async () => {
    expect(await get('127.0.0.1', {})).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT/);
    expect(await get('127.0.0.1', { BEHAVRY_CONTROL_PLANE_CA_FILE: caFile })).toBe('here');
    const other = join(folder, 'other.crt');
    writeFileSync(other, (await makeAuthority('Another authority', 1)).certificate);
    expect(await get('127.0.0.1', { BEHAVRY_CONTROL_PLANE_CA_FILE: other })).toMatch(/UNABLE_TO_VERIFY/);
  });

  it('goes through a proxy, which learns host and port alone, and past it where NO_PROXY says so', async () => {
    const variables = {
      BEHAVRY_CONTROL_PLANE_CA_FILE: caFile,
      HTTPS_PROXY: `http://127.0.0.1:${portOf(proxy)}`,
    };
    expect(await get('control.test', variables)).toBe('here');
    expect(asked).toEqual([`control.test:${portOf(controlPlane)}`]);
    expect(await get('127.0.0.1', { ...variables, NO_PROXY: 'elsewhere.test,127.0.0.1' })).toBe('here');
    expect(asked).toHaveLength(1);
    // The proxy may be anybody: the certificate must be the control plane's all the same.
    expect(await get('control.test', { HTTPS_PROXY: variables.HTTPS_PROXY })).toMatch(
      /UNABLE_TO_VERIFY|SELF_SIGNED/,
    );
  });

  it('says before anything starts that the file holds no certificate', () => {
    writeFileSync(join(folder, 'no.crt'), 'hello');
    for (const file of ['no.crt', 'missing.crt']) {
      expect(() =>
        loadConfig(UplinkConfig, { ...GIVEN, BEHAVRY_CONTROL_PLANE_CA_FILE: join(folder, file) }),
      ).toThrow(/BEHAVRY_CONTROL_PLANE_CA_FILE names .*no readable PEM file/);
    }
  });
});
