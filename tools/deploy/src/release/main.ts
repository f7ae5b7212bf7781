import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Engine } from '../engine/engine';
import { appFiles } from './app-files';
import { Git } from './git';
import { imageFiles, otherThanReleased } from './image-files';
import { packRelease } from './pack-release';
import { fileList, sha256, sorted, type ReleaseFile } from './release-file';
import { changelogSection, releaseVersion } from './release-version';

interface Options {
  readonly snapshot: boolean;
  readonly images: boolean;
  readonly tag?: string | undefined;
}

/** What is released, once it may be. */
interface Source {
  /** In names of files. */
  readonly version: string;
  readonly commit: string;
  readonly changes: string;
}

/**
 * `npm run release`: everything that is given away, from the present commit, in dist/release/<version>.
 * With `--snapshot` it is only tried: a version of its own, the changes are those under `Unreleased`.
 * With `--images` the files of the built images are listed too. `--tag T` says which tag the version must have.
 * @param root workspace, with its dependencies installed
 */
async function release(root: string, options: Options): Promise<void> {
  const git = new Git(root);
  const source = sourceOf(root, git, options);
  const apps = readdirSync(join(root, 'apps')).filter((app) =>
    existsSync(join(root, 'apps', app, 'src', 'main.ts')),
  );
  for (const app of apps) rmSync(join(root, 'dist', 'apps', app), { recursive: true, force: true });
  execFileSync(process.execPath, ['tools/build/build.mjs', ...apps], { cwd: root, stdio: 'inherit' });
  const programs = new Map(apps.map((app) => [app, appFiles(root, app, git)]));
  const files = await contents(root, git, source, programs);
  if (options.images) files.push(...(await imageLists(source, programs)));
  const sums = sorted(files).map(({ path, content }) => `${sha256(content)}  ${path}\n`);
  files.push(textFile('SHA256SUMS', sums.join('')));
  write(join(root, 'dist', 'release', source.version), files);
  console.log(`dist/release/${source.version}: ${files.length} files of ${source.commit.slice(0, 12)}`);
}

/** @throws Error when this is not what a release can be made from */
function sourceOf(root: string, git: Git, { snapshot, tag }: Options): Source {
  const changed = git.changed();
  if (changed.length > 0) throw new Error(`a release is a commit, but these differ:\n${changed.join('\n')}`);
  const text = (file: string): string => readFileSync(join(root, file), 'utf8');
  const { version: packaged } = JSON.parse(text('package.json')) as { version: string };
  if (tag !== undefined && tag !== `v${packaged}`)
    throw new Error(`the tag is ${tag}, but package.json has the version ${packaged}`);
  const changes = changelogSection(text('CHANGELOG.md'), snapshot ? 'Unreleased' : packaged);
  if (changes === undefined && !snapshot) throw new Error(`CHANGELOG.md says nothing under "## ${packaged}"`);
  const commit = git.commit();
  return {
    commit,
    version: releaseVersion({ version: packaged, commit }, snapshot),
    changes: changes ?? '',
  };
}

async function contents(
  root: string,
  git: Git,
  { version, commit, changes }: Source,
  programs: ReadonlyMap<string, readonly ReleaseFile[]>,
): Promise<ReleaseFile[]> {
  const files: ReleaseFile[] = [];
  const archive = async (path: string, folder: string, content: readonly ReleaseFile[]): Promise<void> => {
    files.push({ path, mode: 0o644, content: await packRelease(folder, content, git.time()) });
  };
  for (const [app, content] of programs) {
    await archive(`apps/${app}-${version}.tar.gz`, `${app}-${version}`, content);
    files.push(
      textFile(`apps/${app}.files.txt`, fileList(content)),
      textFile(
        `apps/${app}.cdx.json`,
        readFileSync(join(root, 'dist', 'apps', app, 'sbom.cdx.json'), 'utf8'),
      ),
    );
  }
  const deployment = git
    .files('docker', 'k8s', 'LICENSE')
    .map((file) => ({ ...file, content: readFileSync(join(root, file.path)) }));
  await archive(`deploy-${version}.tar.gz`, `behavry-${version}`, deployment);
  const about = { version, commit, committed: git.time(), node: process.version };
  files.push(
    textFile('CHANGES.md', changes),
    textFile('release.json', `${JSON.stringify(about, null, 2)}\n`),
  );
  return files;
}

/** @throws Error when an image holds another program than the one that is released */
async function imageLists(
  { commit }: Source,
  programs: ReadonlyMap<string, readonly ReleaseFile[]>,
): Promise<ReleaseFile[]> {
  const lists: ReleaseFile[] = [];
  for (const [image, content] of await imageFiles(Engine.find(), commit)) {
    const differing = otherThanReleased(content, programs.get(image) ?? []);
    if (differing.length > 0)
      throw new Error(`the image of ${image} holds other files: ${differing.join(', ')}`);
    lists.push(textFile(`images/${image}.files.txt`, fileList(content)));
  }
  return lists;
}

function textFile(path: string, content: string): ReleaseFile {
  return { path, mode: 0o644, content: Buffer.from(content) };
}

function write(folder: string, files: readonly ReleaseFile[]): void {
  rmSync(folder, { recursive: true, force: true });
  for (const { path, content } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

const { values } = parseArgs({
  options: {
    snapshot: { type: 'boolean', default: false },
    images: { type: 'boolean', default: false },
    tag: { type: 'string' },
  },
});
release(process.cwd(), values).catch((error: unknown) => {
  console.error(`No release: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
