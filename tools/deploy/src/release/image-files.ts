import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import type { Engine } from '../engine/engine';
import { IMAGES, tagOf } from '../engine/images';
import { sha256, type ReleaseFile } from './release-file';

/** Label of https://specs.opencontainers.org/image-spec/annotations that docker/Dockerfile sets. */
const REVISION = 'org.opencontainers.image.revision';

/** Where docker/Dockerfile puts an app. */
const APP_FOLDER = 'opt/behavry/';

/**
 * The files of all images of a release, as they were built.
 * @param commit that they must say they are made from
 * @returns files by name of the image
 * @throws Error when one is not there, or is of another commit
 */
export async function imageFiles(
  engine: Engine,
  commit: string,
): Promise<ReadonlyMap<string, readonly ReleaseFile[]>> {
  const found = new Map<string, readonly ReleaseFile[]>();
  for (const image of IMAGES) {
    const label = ['--format', `{{index .Config.Labels "${REVISION}"}}`];
    const revision = (await engine.run(['image', 'inspect', ...label, tagOf(image)])).trim();
    if (revision !== commit)
      throw new Error(`${tagOf(image)} is of ${revision || 'no commit'}, not of ${commit}`);
    found.set(image, await savedFiles(engine, tagOf(image)));
  }
  return found;
}

/**
 * @returns files of an app that have another content in its image, or its program when that is not there; what else only
 * one of them has does not count
 */
export function otherThanReleased(
  image: readonly ReleaseFile[],
  app: readonly ReleaseFile[],
): readonly string[] {
  const inImage = new Map(image.map(({ path, content }) => [path, sha256(content)]));
  return app
    .filter(({ path, content }) => {
      const found = inImage.get(APP_FOLDER + path);
      return found === undefined ? path === 'main.js' : found !== sha256(content);
    })
    .map(({ path }) => path);
}

async function savedFiles(engine: Engine, name: string): Promise<readonly ReleaseFile[]> {
  const folder = mkdtempSync(join(tmpdir(), 'behavry-image-'));
  try {
    const saved = join(folder, 'image.tar');
    await engine.run(['image', 'save', '--output', saved, name]);
    let layers: readonly string[] = [];
    await eachEntry(createReadStream(saved), async ({ name: entry }, read) => {
      if (entry !== 'manifest.json') return;
      const [manifest] = JSON.parse((await read()).toString()) as { Layers: string[] }[];
      layers = manifest?.Layers ?? [];
    });
    const contents = new Map<string, Buffer>();
    await eachEntry(createReadStream(saved), async ({ name: entry }, read) => {
      if (layers.includes(entry)) contents.set(entry, await read());
    });
    const files = new Map<string, ReleaseFile>();
    for (const layer of layers) {
      const content = contents.get(layer);
      if (content === undefined) throw new Error(`${name} was saved without its layer ${layer}`);
      await applyLayer(files, content);
    }
    return [...files.values()];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts a layer over files; `.wh.` marks what it takes away (https://specs.opencontainers.org/image-spec/layer). */
async function applyLayer(files: Map<string, ReleaseFile>, layer: Buffer): Promise<void> {
  await eachEntry(Readable.from([layer]), async ({ name, type, mode, linkname }, read) => {
    const [, folder = '', gone] = /^(.*\/)?\.wh\.(.+)$/u.exec(name) ?? [];
    if (gone !== undefined) {
      for (const path of files.keys()) {
        const isAll = gone === '.wh..opq' && path.startsWith(folder);
        if (isAll || path === folder + gone || path.startsWith(`${folder}${gone}/`)) files.delete(path);
      }
    } else if (type === 'file') files.set(name, { path: name, mode, content: await read() });
    else if (type === 'symlink' || type === 'link') {
      files.set(name, { path: name, mode, content: Buffer.from(linkname) });
    }
  });
}

async function eachEntry(
  archive: Readable,
  visit: (header: Header, read: () => Promise<Buffer>) => Promise<void>,
): Promise<void> {
  const entries = archive.pipe(extract());
  for await (const entry of entries) {
    const read = async (): Promise<Buffer> => {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    };
    await visit(entry.header, read);
    entry.resume();
  }
}
