import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueCertificate, makeAuthority } from '@behavry/components';
import { makeSecrets, type SecretFolders } from './plane-secrets';

function folders(): SecretFolders {
  const root = mkdtempSync(join(tmpdir(), 'behavry-secrets-'));
  const at = (name: string): string => join(root, name);
  return { plane: at('plane'), redis: at('redis'), edge: at('edge'), authority: at('authority') };
}

const read = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8');

describe('the secrets that a plane makes for itself', () => {
  it('are made once, for those alone who need them', async () => {
    const where = folders();
    expect(await makeSecrets(where, ['plane.test', '127.0.0.1'])).toHaveLength(2);
    const password = /^requirepass (\S{32})\n$/.exec(read(where.redis, 'redis.conf'))?.[1];
    expect(read(where.plane, 'redis.url')).toBe(`redis://:${String(password)}@redis:6379\n`);
    const certificate = new X509Certificate(read(where.edge, 'tls.crt'));
    expect(certificate.checkHost('plane.test')).toBe('plane.test');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.verify(new X509Certificate(read(where.edge, 'ca.crt')).publicKey)).toBe(true);
    const modeOf = (folder: string, file: string): number => statSync(join(folder, file)).mode & 0o777;
    expect([
      modeOf(where.plane, 'redis.url'),
      modeOf(where.edge, 'tls.key'),
      modeOf(where.authority, 'ca.key'),
    ]).toEqual([0o600, 0o600, 0o600]);
    expect(await makeSecrets(where, ['plane.test', '127.0.0.1'])).toEqual([]);
    expect(read(where.edge, 'tls.crt')).toBe(certificate.toString());
  });

  it('are made anew where that is wanted, and a certificate when it has new names', async () => {
    const where = folders();
    await makeSecrets(where, ['plane.test']);
    const before = {
      url: read(where.plane, 'redis.url'),
      ca: read(where.edge, 'ca.crt'),
      key: read(where.edge, 'tls.key'),
    };
    await makeSecrets(where, ['plane.test'], 'redis');
    expect(read(where.plane, 'redis.url')).not.toBe(before.url);
    expect(read(where.redis, 'redis.conf').trim().split(' ')[1]).toBe(
      new URL(read(where.plane, 'redis.url')).password,
    );
    expect(read(where.edge, 'tls.key')).toBe(before.key);
    await makeSecrets(where, ['plane.test'], 'tls');
    expect(read(where.edge, 'tls.key')).not.toBe(before.key);
    const [done] = await makeSecrets(where, ['other.test']);
    expect(done).toContain('certificate for other.test');
    // Whoever trusted the plane still does.
    expect(read(where.edge, 'ca.crt')).toBe(before.ca);
  });

  it('leave a certificate alone that somebody put there, and say when it ends', async () => {
    const where = folders();
    await makeSecrets(where, ['plane.test']);
    const theirs = await makeAuthority('Their authority', 10);
    const { certificate, key } = await issueCertificate(theirs, ['plane.test'], 10);
    writeFileSync(join(where.edge, 'tls.crt'), certificate);
    writeFileSync(join(where.edge, 'tls.key'), key);
    expect(await makeSecrets(where, ['else.test'], 'tls')).toEqual([
      expect.stringMatching(/^The certificate that was put into the edge's folder ends on /),
    ]);
    expect(read(where.edge, 'tls.crt')).toBe(certificate);
  });
});
