import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { ShippedModule } from '@behavry/domain';

/** The policies that come with the product, read once at the start. */
export class ShippedPolicies {
  private constructor(
    readonly modules: readonly ShippedModule[],
    /** Absolute path of the list of built-ins that policies may use. */
    readonly capabilitiesFile: string,
  ) {}

  /** @throws Error that names the folder when it is not there */
  static async read(folder: string): Promise<ShippedPolicies> {
    const root = resolve(folder);
    const capabilitiesFile = join(root, 'capabilities.json');
    try {
      await readFile(capabilitiesFile);
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      const files = entries
        .filter((entry) => entry.isFile() && entry.name.endsWith('.rego'))
        .map((entry) => join(entry.parentPath, entry.name))
        .sort();
      const modules = await Promise.all(
        files.map(async (file) => ({
          path: relative(root, file).split(sep).join('/'),
          content: await readFile(file, 'utf8'),
        })),
      );
      return new ShippedPolicies(modules, capabilitiesFile);
    } catch (error) {
      throw new Error(`the shipped policies cannot be read from ${root} (BEHAVRY_POLICIES_DIR)`, {
        cause: error,
      });
    }
  }
}
