import { constants } from 'node:zlib';
import { TarArchive } from 'archiver';
import { byCodePoint, type BundleFile } from '@behavry/domain';

/** Every entry's time, so that equal files make equal bytes. */
const NO_TIME = new Date(0);

/**
 * Packs files as a gzipped tar: sorted, no times, no owners. The same files always give the same bytes,
 * so that an ETag stands for content.
 */
export async function packArchive(files: readonly BundleFile[]): Promise<Buffer> {
  const archive = new TarArchive({
    gzip: true,
    gzipOptions: { level: 6, memLevel: 8, strategy: constants.Z_DEFAULT_STRATEGY },
  });
  const chunks: Buffer[] = [];
  const packed = new Promise<Buffer>((resolve, reject) => {
    archive.on('data', (chunk: Buffer) => chunks.push(chunk));
    archive.on('end', () => {
      resolve(Buffer.concat(chunks));
    });
    archive.on('error', reject);
    archive.on('warning', reject);
  });
  for (const { path, content } of [...files].sort((a, b) => byCodePoint(a.path, b.path))) {
    archive.append(Buffer.from(content), { name: path, date: NO_TIME, mode: 0o644 });
  }
  await archive.finalize();
  return packed;
}
