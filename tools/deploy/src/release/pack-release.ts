import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { sorted, type ReleaseFile } from './release-file';

/**
 * Packs files as a gzipped tar: sorted, owned by root, all of one time. The same files and time always give the same
 * bytes, as long as the same Node compresses them.
 * @param folder name of the one folder that everything is in
 */
export async function packRelease(
  folder: string,
  files: readonly ReleaseFile[],
  time: Date,
): Promise<Buffer> {
  const archive = pack();
  for (const { path, mode, content } of sorted(files)) {
    archive.entry({ name: `${folder}/${path}`, mode, mtime: time, uid: 0, gid: 0 }, content);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks), { level: 9 });
}
