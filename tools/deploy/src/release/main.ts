import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { appFiles } from './app-files';
import { Git } from './git';
import { imageFiles } from './image-files';
import { packRelease } from './pack-release';
import { fileList, sha256, sorted, type ReleaseFile } from './release-file';
import { changelogSection, releaseVersion } from './release-version';

const IS_SNAPSHOT = '--snapshot';
const WITH_IMAGES = '--images';

/**
 * `npm run release`: everything that is given away, from the present commit, in dist/release/<version>.
 * With `--snapshot` it is only tried: a version of its own, the changes are those under `Unreleased`.
 * With `--images` the files of the built images are listed too.
 * @param root workspace, with its dependencies installed
 */
async function release(root: string, options: readonly string[]): Promise<void> {
  const unknown = options.filter((option) => ![IS_SNAPSHOT, WITH_IMAGES].includes(option));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(' ')}; there are --snapshot and --images`);
  const isSnapshot = options.includes(IS_SNAPSHOT);
  const git = new Git(root);
  const changed = git.changed();
  if (changed.length > 0) throw new Error(`a release is a commit, but these differ:\n${changed.join('\n')}`);

  const { version: packaged } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const commit = git.commit();
  const version = releaseVersion({ version: packaged, commit }, isSnapshot);
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  const changes = changelogSection(changelog, isSnapshot ? 'Unreleased' : packaged);
  if (changes === undefined && !isSnapshot)
    throw new Error(`CHANGELOG.md says nothing under "## ${packaged}"`);

  const apps = readdirSync(join(root, 'apps')).filter((app) =>
    existsSync(join(root, 'apps', app, 'src', 'main.ts')),
  );
  for (const app of apps) rmSync(join(root, 'dist', 'apps', app), { recursive: true, force: true });
  execFileSync(process.execPath, ['tools/build/build.mjs', ...apps], { cwd: root, stdio: 'inherit' });

  const files: ReleaseFile[] = [];
  const add = (path: string, content: Buffer | string): void => {
    files.push({ path, mode: 0o644, content: Buffer.from(content) });
  };
  for (const app of apps) {
    const content = appFiles(root, app, git);
    add(`apps/${app}-${version}.tar.gz`, await packRelease(`${app}-${version}`, content, git.time()));
    add(`apps/${app}.files.txt`, fileList(content));
    add(`apps/${app}.cdx.json`, readFileSync(join(root, 'dist', 'apps', app, 'sbom.cdx.json')));
  }
  const deployment = git
    .files('docker', 'k8s', 'LICENSE')
    .map((file) => ({ ...file, content: readFileSync(join(root, file.path)) }));
  add(`deploy-${version}.tar.gz`, await packRelease(`behavry-${version}`, deployment, git.time()));
  if (options.includes(WITH_IMAGES)) {
    for (const [image, content] of await imageFiles(packaged, commit))
      add(`images/${image}.files.txt`, fileList(content));
  }
  if (changes !== undefined) add('CHANGES.md', changes);
  add(
    'release.json',
    `${JSON.stringify({ version, commit, committed: git.time(), node: process.version }, null, 2)}\n`,
  );
  add(
    'SHA256SUMS',
    sorted(files)
      .map(({ path, content }) => `${sha256(content)}  ${path}\n`)
      .join(''),
  );
  write(join(root, 'dist', 'release', version), files);
  console.log(`dist/release/${version}: ${files.length} files of ${commit.slice(0, 12)}`);
}

function write(folder: string, files: readonly ReleaseFile[]): void {
  rmSync(folder, { recursive: true, force: true });
  for (const { path, content } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

release(process.cwd(), process.argv.slice(2)).catch((error: unknown) => {
  console.error(`No release: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
