import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlaneKeys } from './plane-keys';

describe('the plane key', () => {
  const keys = new PlaneKeys(Buffer.alloc(32, 7));

  it('gives every purpose a secret of its own', () => {
    const secrets = [keys.internalBearer, keys.databasePassword('app'), keys.databasePassword('audit')];
    expect(new Set(secrets).size).toBe(3);
  });

  it('opens what it sealed, under the same label only', () => {
    const sealed = keys.seal('a', 'secret');
    expect(keys.open('a', sealed).toString()).toBe('secret');
    expect(sealed).not.toContain('secret');
    expect(() => keys.open('b', sealed)).toThrow();
  });

  it('refuses what was altered', () => {
    const bytes = Buffer.from(keys.seal('a', 'secret'), 'base64url');
    bytes[bytes.length - 1]! ^= 1;
    expect(() => keys.open('a', bytes.toString('base64url'))).toThrow();
  });

  it('is made once, for its owner only', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'plane-key-')), 'secrets', 'plane.key');
    const made = PlaneKeys.readOrMake(file);
    expect(PlaneKeys.readOrMake(file).internalBearer).toBe(made.internalBearer);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('says what to do when it is missing', () => {
    expect(() => PlaneKeys.read('/nowhere/plane.key')).toThrow(/--migrate/);
  });
});
