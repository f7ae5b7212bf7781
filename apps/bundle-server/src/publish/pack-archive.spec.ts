import { gunzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { packArchive } from './pack-archive';

const FILES = [
  { path: 'behavry/data.json', content: '{}' },
  { path: '.manifest', content: '{"roots":["behavry"]}' },
  { path: `behavry/base/${'long_name_'.repeat(11)}.rego`, content: 'package behavry.base.x\n' },
];

describe('an archive', () => {
  it('has the same bytes whenever and in whatever order it is packed', async () => {
    const once = await packArchive(FILES);
    const again = await packArchive([...FILES].reverse());
    expect(again.equals(once)).toBe(true);
    expect(createHash('sha256').update(gunzipSync(once)).digest('hex')).toBe(
      '1e4ff452347546d77e28871de0bd6e15cc95feffc729a042d9546c827807bacb',
    );
  });

  it('holds plain files of nobody and of no time', async () => {
    const header = gunzipSync(await packArchive(FILES)).subarray(0, 512);
    const field = (from: number, to: number): string =>
      header
        .subarray(from, to)
        .toString('latin1')
        .replace(/[\0 ]+$/, '');
    expect(field(0, 100)).toBe('.manifest');
    expect([field(100, 108), field(108, 116), field(116, 124), field(136, 148)]).toEqual([
      '000644',
      '000000',
      '000000',
      '00000000000',
    ]);
    expect(field(156, 157)).toBe('0');
    expect(field(257, 263)).toBe('ustar');
  });

  it('packs a thousand policies', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({
      path: `behavry/base/p${String(index)}.rego`,
      content: 'x',
    }));
    expect(gunzipSync(await packArchive(many)).length).toBeGreaterThan(1000 * 1024);
  });
});
