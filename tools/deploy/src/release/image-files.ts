import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { sha256, type ReleaseFile } from './release-file';

/** Label of https://specs.opencontainers.org/image-spec/annotations that docker/Dockerfile sets. */
const REVISION = 'org.opencontainers.image.revision';

/** Where docker/Dockerfile puts an app. */
const APP_FOLDER = 'opt/behavry/';

interface Image {
  readonly Config: { readonly Labels: Readonly<Record<string, string>> | null };
}

/**
 * The files of our images, from the Docker engine that `DOCKER_HOST` names.
 * @param version tag of the images
 * @param commit that they must say they are made from
 * @returns files by name of the image, without `behavry/`
 * @throws Error when there is none, or one is of another commit
 */
export async function imageFiles(
  version: string,
  commit: string,
): Promise<ReadonlyMap<string, readonly ReleaseFile[]>> {
  const listed = docker(
    'image',
    'ls',
    '--format',
    '{{.Repository}}',
    '--filter',
    `reference=behavry/*:${version}`,
  );
  const names = [...new Set(listed.split('\n').filter(Boolean))].sort();
  if (names.length === 0) throw new Error(`the Docker engine has no image behavry/*:${version}`);
  const found = new Map<string, readonly ReleaseFile[]>();
  for (const name of names) {
    const image = inspect(`${name}:${version}`);
    const revision = image.Config.Labels?.[REVISION] ?? 'no commit';
    if (revision !== commit) throw new Error(`${name}:${version} is of ${revision}, not of ${commit}`);
    found.set(name.replace(/^behavry\//u, ''), await savedFiles(`${name}:${version}`));
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

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' });
}

function inspect(name: string): Image {
  const [image] = JSON.parse(docker('image', 'inspect', name)) as Image[];
  if (image === undefined) throw new Error(`the Docker engine has no image ${name}`);
  return image;
}

async function savedFiles(name: string): Promise<readonly ReleaseFile[]> {
  const folder = mkdtempSync(join(tmpdir(), 'behavry-image-'));
  try {
    const saved = join(folder, 'image.tar');
    docker('image', 'save', '--output', saved, name);
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
    for (const layer of layers) await applyLayer(files, contents.get(layer) ?? Buffer.alloc(0));
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
        if (path === folder + gone || path.startsWith(`${folder}${gone}/`)) files.delete(path);
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
