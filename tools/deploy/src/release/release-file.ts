import { createHash } from 'node:crypto';

/** A file of an archive or an image. */
export interface ReleaseFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

/** @returns the digest as `sha256sum` prints it */
export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** @returns files in the order of their paths' code units, the same on every machine */
export function sorted<T extends { readonly path: string }>(files: readonly T[]): T[] {
  return [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * One line a file: mode, size in bytes, SHA-256, path. Times are left out, they say nothing about what runs.
 * @returns the list, sorted by path
 */
export function fileList(files: readonly ReleaseFile[]): string {
  return sorted(files)
    .map(({ path, mode, content }) => {
      const size = content.length.toString().padStart(9);
      return `${(mode & 0o7777).toString(8).padStart(4, '0')} ${size} ${sha256(content)} ${path}\n`;
    })
    .join('');
}
