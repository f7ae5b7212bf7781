import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretReferenceError, UpstreamSecrets } from './upstream-secrets';

const secretsDir = mkdtempSync(join(tmpdir(), 'secrets-'));
const folder = join(secretsDir, 'mcp');
mkdirSync(join(folder, 'files'), { recursive: true });
mkdirSync(join(folder, 'other'));
writeFileSync(join(secretsDir, 'plane.key'), 'the plane key');
writeFileSync(join(folder, 'files', 'token'), 'from-file\n');
writeFileSync(join(folder, 'files', 'hosts'), 'api.test\nhttp://127.0.0.1:81\n');
writeFileSync(join(folder, 'other', 'token'), 'of another\n');

const secrets = new UpstreamSecrets(
  {
    BEHAVRY_SECRET_A: 'value-a',
    BEHAVRY_SECRET_A_HOSTS: 'api.test, http://localhost:8080',
    BEHAVRY_SECRET_A_SERVERS: 'files',
    BEHAVRY_SECRET_FREE: 'value-free',
    BEHAVRY_SECRET_OPENAI_KEY: 'sk-plane',
    BEHAVRY_SECRET_OPENAI_KEY_HOSTS: 'api.test',
    BEHAVRY_SECRET_OPENAI_KEY_SERVERS: 'files',
    HOME: '/root',
  },
  folder,
);
const resolve = async (reference: string, serverId: string, url?: string): Promise<string | undefined> =>
  (
    await secrets.resolve(
      { x: reference },
      { id: serverId, url: url === undefined ? undefined : new URL(url) },
    )
  )['x'];

describe("a registered server's secrets", () => {
  it.each([
    ['env:BEHAVRY_SECRET_A', 'any', 'https://api.test/mcp', 'value-a'],
    ['env:BEHAVRY_SECRET_A', 'any', 'http://localhost:8080/mcp', 'value-a'],
    ['env:BEHAVRY_SECRET_A', 'files', undefined, 'value-a'],
    ['file:token', 'files', 'https://api.test/mcp', 'from-file'],
    ['file:token', 'files', 'http://127.0.0.1:81/', 'from-file'],
    ['file:token', 'files', undefined, 'from-file'],
    ['plain', 'any', 'https://evil.test/', 'plain'],
  ])('%s of %s at %s is %s', async (reference, server, url, value) => {
    expect(await resolve(reference, server, url)).toBe(value);
  });

  it.each([
    ['another host', 'env:BEHAVRY_SECRET_A', 'files', 'https://evil.test/mcp'],
    ['another port', 'env:BEHAVRY_SECRET_A', 'files', 'https://api.test:8443/mcp'],
    ['the same host in clear', 'env:BEHAVRY_SECRET_A', 'files', 'http://api.test/mcp'],
    ['a host that only begins like it', 'env:BEHAVRY_SECRET_A', 'files', 'https://api.test.evil.test/'],
    ['another process', 'env:BEHAVRY_SECRET_A', 'other', undefined],
    ['a secret of nobody', 'env:BEHAVRY_SECRET_FREE', 'files', undefined],
    ["a provider's key, bound or not", 'env:BEHAVRY_SECRET_OPENAI_KEY', 'files', 'https://api.test/mcp'],
    ["a provider's key, for a process", 'env:BEHAVRY_SECRET_OPENAI_KEY', 'files', undefined],
    ['the list of hosts itself', 'env:BEHAVRY_SECRET_A_HOSTS', 'files', undefined],
    ['a variable that is no secret', 'env:HOME', 'files', undefined],
    ["a file's secret at another host", 'file:token', 'files', 'https://evil.test/mcp'],
    ['a file of a server without hosts', 'file:token', 'other', 'https://api.test/'],
    ['the plane key', 'file:plane.key', 'files', undefined],
    ['the plane key by a path', 'file:../../plane.key', 'files', undefined],
    ['the plane key by an id', 'file:plane.key', '..', undefined],
    ['the list of hosts as a file', 'file:hosts', 'files', undefined],
    ['another spelling', 'FILE:token', 'files', undefined],
  ])('refuses %s', async (_what, reference, server, url) => {
    await expect(resolve(reference, server, url)).rejects.toThrow(SecretReferenceError);
  });

  it('says what to do and never a value', async () => {
    const said = await resolve('env:BEHAVRY_SECRET_A', 'files', 'https://evil.test/').catch(
      (error: unknown) => (error as Error).message,
    );
    expect(said).toBe(
      'BEHAVRY_SECRET_A is not for https://evil.test: BEHAVRY_SECRET_A_HOSTS does not name it',
    );
  });
});
