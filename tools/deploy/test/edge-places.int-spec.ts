import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODES, type AppName } from '@behavry/contracts';
import {
  describeWithNginx,
  eventually,
  httpRequest,
  nginxCommand,
  nginxFolder,
  StubApp,
  testCertificate,
} from '@behavry/testing';
import { edgeConfig } from '../src/edge/edge-config';
import { edgeDocuments } from '../src/edge/edge-documents';
import { startEdge } from './running-edge';
import { StubDns } from './stub-dns';

const app = new StubApp('identity-jwks');
const addressOf = (): string => `127.0.0.1:${app.port}`;

interface Told {
  readonly headers: Readonly<Record<string, string>>;
}

describeWithNginx('where an edge of containers runs', () => {
  beforeAll(() => app.listen());
  afterAll(() => app.close());

  const documents = edgeDocuments();
  const certificates = testCertificate();

  /** nginx's own test of a configuration. */
  function test(files: Readonly<Record<string, string | undefined>>): void {
    const folder = nginxFolder();
    for (const [name, text = ''] of Object.entries(files)) {
      writeFileSync(join(folder, name), text.replaceAll('/run/secrets/edge', certificates));
    }
    const args = ['-t', '-e', 'stderr', '-c', join(folder, 'nginx.conf')];
    // It opens its standard output again, which it cannot do with a socket.
    const { stderr } = spawnSync(nginxCommand() ?? '', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    expect(stderr.toString().split('\n')).toEqual([
      expect.stringMatching(/syntax is ok$/u),
      expect.stringMatching(/test is successful$/u),
      '',
    ]);
  }

  it.each(MODES)('has a configuration for a %s that nginx takes, without warnings', (mode) => {
    for (const isTls of ['true', 'false']) {
      test({
        'nginx.conf': documents.get(`docker/edge/nginx.${mode}.conf`),
        'api.conf': documents.get(`docker/edge/api-tls-${isTls}.conf`),
      });
    }
    for (const api of ['plain', 'tls'] as const) {
      test({ 'nginx.conf': edgeConfig({ mode, target: 'kubernetes', api, place: { addressOf } }) });
    }
  });

  it('serves the API over TLS alone when it includes that', async () => {
    const edge = await startEdge(
      { mode: 'standalone', target: 'compose', api: 'included', place: { addressOf } },
      true,
    );
    const answer = await httpRequest(edge.port, '/api/v1/auth/x');
    expect([answer.status, (JSON.parse(answer.body) as { code: string }).code]).toEqual([400, 'bad_request']);
    await edge.close();
  });

  it('starts while the name of an app is unknown, and finds it when it comes, goes and comes again', async () => {
    const dns = await StubDns.listen();
    const place = { addressOf: (name: AppName) => `${name}:${app.port}`, resolver: dns.address };
    const edge = await startEdge({ mode: 'standalone', target: 'compose', api: 'plain', place });
    const status = async (): Promise<number> => (await httpRequest(edge.port, '/api/v1/auth/x')).status;
    expect(await status()).toBe(502);
    dns.known.add('identity-jwks');
    await eventually(async () => expect(await status()).toBe(200), { timeoutMs: 15_000 });
    dns.known.clear();
    await eventually(async () => expect(await status()).toBe(502), { timeoutMs: 15_000 });
    await edge.close();
    dns.close();
  });

  it('keeps connections to apps where their addresses are stable', async () => {
    const connectionsOf = async (target: 'compose' | 'kubernetes'): Promise<number> => {
      const edge = await startEdge({ mode: 'standalone', target, api: 'plain', place: { addressOf } });
      const before = app.connections;
      for (let n = 0; n < 20; n += 1) await httpRequest(edge.port, '/api/v1/auth/x');
      await edge.close();
      return app.connections - before;
    };
    expect(await connectionsOf('compose')).toBe(20);
    // One for each of two workers.
    expect(await connectionsOf('kubernetes')).toBeLessThanOrEqual(2);
  });

  it('believes a load balancer about the client when the operator names it', async () => {
    const folder = nginxFolder();
    const place = { addressOf, trustedProxies: join(folder, '*.conf') };
    const ask = async (forwarded: Readonly<Record<string, string>>): Promise<readonly unknown[]> => {
      const edge = await startEdge({ mode: 'standalone', target: 'kubernetes', api: 'plain', place });
      const { body } = await httpRequest(edge.port, '/api/v1/auth/x', { headers: forwarded });
      await edge.close();
      const { headers } = JSON.parse(body) as Told;
      return [headers['x-forwarded-for'], headers['x-forwarded-proto']];
    };
    const claims = { 'x-forwarded-for': '6.6.6.6, 203.0.113.7', 'x-forwarded-proto': 'https' };
    expect(await ask(claims)).toEqual(['127.0.0.1', 'http']);
    writeFileSync(join(folder, 'balancer.conf'), 'set_real_ip_from 127.0.0.0/8;\n');
    // The last that the balancer did not add itself; what stands before it came from the client.
    expect(await ask(claims)).toEqual(['203.0.113.7', 'https']);
    expect(await ask({ ...claims, 'x-forwarded-proto': 'gopher' })).toEqual(['203.0.113.7', 'http']);
    expect(await ask({ 'x-forwarded-proto': 'https' })).toEqual(['127.0.0.1', 'http']);
  });
});
