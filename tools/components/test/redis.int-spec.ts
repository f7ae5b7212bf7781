import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { findOnPath, ProcessLedger, RedisComponent } from '../src';

const describeWithRedis = findOnPath('redis-server') === undefined ? describe.skip : describe;

/** What a Redis answers to lines of its protocol. */
function tell(port: number, lines: string, done: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(lines));
    socket.on('error', reject);
    socket.on('data', (data) => {
      heard += data.toString();
      if (!done.test(heard)) return;
      socket.destroy();
      resolve(heard);
    });
  });
}

describeWithRedis('a Redis of our own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  let redis: RedisComponent;

  beforeAll(async () => {
    redis = new RedisComponent({
      folder: join(folder, 'redis'),
      logFile: join(folder, 'redis.log'),
      ledger: new ProcessLedger(join(folder, 'ledger.json')),
    });
    await redis.start();
  });

  afterAll(() => redis.stop());

  it('lets in nobody without its password', async () => {
    expect(await tell(redis.port, 'HSET behavry:plane-state issuers evil\r\n', /\r\n/)).toMatch(/^-NOAUTH/);
    const { password } = new URL(redis.url);
    expect(password.length).toBeGreaterThan(20);
    expect(await tell(redis.port, `AUTH ${password}\r\nPING\r\n`, /PONG/)).toContain('+PONG');
  });

  it('shows the password neither on its command line nor to others', () => {
    const { password } = new URL(redis.url);
    expect(readFileSync(`/proc/${String(redis.pid)}/cmdline`, 'utf8')).not.toContain(password);
    expect(statSync(join(folder, 'redis', 'redis.conf')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'redis.log'), 'utf8')).not.toContain(password);
  });
});
