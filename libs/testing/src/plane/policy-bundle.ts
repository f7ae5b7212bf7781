import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BLAST_RADIUS_DEFAULTS, bundleFiles, bundleManifest } from '@behavry/domain';
import { tempDir, workspaceRoot } from '@behavry/test-components';

/**
 * Writes the bundle that bundle-server would build from the shipped policies and these.
 * @param policies Rego by its place below the bundle's root, for example `base/mine.rego`
 * @returns its folder, for {@link opaBundleConfig}
 */
export function writePolicyBundle(policies: Readonly<Record<string, string>>): string {
  const folder = tempDir();
  const root = join(workspaceRoot(), 'policies');
  const shipped = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.rego'))
    .map((path) => ({ path, content: readFileSync(join(root, path), 'utf8') }));
  const own = Object.entries(policies).map(([path, content]) => ({ path, content }));
  const files = [
    ...bundleFiles({
      shipped: [...shipped, ...own],
      policies: [],
      settings: { blast_radius: BLAST_RADIUS_DEFAULTS },
    }),
    bundleManifest({ revision: 'r-test', generation: 1, digest: '', policyCount: own.length }),
  ];
  for (const { path, content } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** OPA's configuration for a bundle that lies in a folder. */
export function opaBundleConfig(folder: string): string {
  return JSON.stringify({ bundles: { behavry: { resource: `file://${folder}` } } });
}
