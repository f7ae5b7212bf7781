import { execFileSync } from 'node:child_process';
import { packRelease } from './pack-release';
import { fileList } from './release-file';

const TIME = new Date('2026-11-30T02:58:39Z');
const A = { path: 'a.txt', mode: 0o644, content: Buffer.from('a') };
const B = { path: 'b/run', mode: 0o755, content: Buffer.from('#!/bin/sh\n') };

describe('an archive of a release', () => {
  it('has the same bytes whatever the order of its files', async () => {
    const one = await packRelease('app-1', [A, B], TIME);
    expect((await packRelease('app-1', [B, A], TIME)).equals(one)).toBe(true);
    expect((await packRelease('app-1', [B, { ...A, mode: 0o600 }], TIME)).equals(one)).toBe(false);
  });

  it('is read by tar, with modes, the time of the commit and root as owner', async () => {
    const input = await packRelease('app-1', [B, A], TIME);
    const listed = execFileSync('tar', ['-tvzf', '-', '--numeric-owner', '--full-time', '--utc'], { input });
    const lines = listed.toString().trim().split('\n');
    expect(lines.map((line) => line.replace(/ +/gu, ' '))).toEqual([
      '-rw-r--r-- 0/0 1 2026-11-30 02:58:39 app-1/a.txt',
      '-rwxr-xr-x 0/0 10 2026-11-30 02:58:39 app-1/b/run',
    ]);
  });
});

describe('the list of files', () => {
  it('has mode, size, digest and path', () => {
    expect(fileList([B, A])).toBe(
      '0644         1 ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb a.txt\n' +
        '0755        10 a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf b/run\n',
    );
  });
});
