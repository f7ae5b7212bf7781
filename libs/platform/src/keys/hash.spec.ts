import { createHash } from 'node:crypto';
import { sha256, sha256Hex, uuidv7 } from './hash';

describe('hashes and ids', () => {
  it('hash texts as UTF-8, and bytes as they are', () => {
    const expected = createHash('sha256').update('größe', 'utf8').digest();
    expect(sha256('größe')).toEqual(expected);
    expect(sha256Hex(Buffer.from('größe'))).toBe(expected.toString('hex'));
  });

  it('make UUIDs of version 7 that begin with their time and never repeat', () => {
    const now = Date.UTC(2026, 0, 1);
    const ids = Array.from({ length: 1000 }, () => uuidv7(now));
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(now);
    }
    expect(new Set(ids).size).toBe(ids.length);
    expect(uuidv7(1) < uuidv7(2)).toBe(true);
  });
});
