import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReleaseFile } from './release-file';
import type { Git } from './git';
import { packagePath, readSbom } from './sbom';

/** Apps that read the shipped policies at run time (`BEHAVRY_POLICIES_DIR`, relative to their folder). */
const READS_POLICIES = ['bundle-server', 'policy-service'];

/** Of the folder of a bundle: not the marker of what it was last made from. */
const IN_BUNDLE = /(?:\.js|\.js\.map|^sbom\.cdx\.json|^THIRD-PARTY\.txt)$/u;

/**
 * What an app needs to run with nothing but Node: its bundles and their maps, what cannot be bundled, the policies if it
 * reads them; besides its bill of materials and the licences.
 * @param root workspace, built
 */
export function appFiles(root: string, app: string, git: Git): readonly ReleaseFile[] {
  const folder = join(root, 'dist', 'apps', app);
  const bundles = readdirSync(folder).filter((name) => IN_BUNDLE.test(name));
  const beside = readSbom(folder)
    .components.filter(({ properties }) => properties !== undefined)
    .flatMap((component) => filesBelow(root, packagePath(root, component)));
  const tracked = git.files('LICENSE', ...(READS_POLICIES.includes(app) ? ['policies'] : []));
  return [
    ...bundles.map((name) => ({ path: name, mode: 0o644, content: readFileSync(join(folder, name)) })),
    ...beside.map((path) => ({ path, mode: 0o644, content: readFileSync(join(root, path)) })),
    ...tracked.map((file) => ({ ...file, content: readFileSync(join(root, file.path)) })),
  ];
}

function filesBelow(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(root, path) : [path];
  });
}
