import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { byCodePoint, isTestPath, type ShippedModule } from '@behavry/domain';

/** The modules that lie in the policies folder, tests left out. */
export class ShippedModules {
  constructor(readonly modules: readonly ShippedModule[]) {}
}

/**
 * Reads every Rego module below a folder once; a new release brings new ones with its restart.
 * @throws Error when the fold is not among them: a bundle without it could decide nothing
 */
export async function readShippedModules(folder: string): Promise<ShippedModules> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.rego'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !isTestPath(path))
    .sort(byCodePoint);
  const modules = await Promise.all(
    paths.map(async (path) => ({ path, content: await readFile(join(folder, path), 'utf8') })),
  );
  if (!modules.some(({ content }) => /^package behavry\.authz$/m.test(content))) {
    throw new Error(`BEHAVRY_POLICIES_DIR (${folder}) does not hold the module of package behavry.authz`);
  }
  return new ShippedModules(modules);
}
