import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package of a bill of materials, as tools/build/sbom.mjs writes it. */
export interface SbomComponent {
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  /** Present when it is beside the bundle, not in it. */
  readonly properties?: readonly unknown[];
}

/** A CycloneDX document, as far as a release reads it. */
export interface Sbom {
  readonly components: readonly SbomComponent[];
}

/** @param folder of an app's bundle */
export function readSbom(folder: string): Sbom {
  return JSON.parse(readFileSync(join(folder, 'sbom.cdx.json'), 'utf8')) as Sbom;
}

/** @returns where npm put a package, relative to the workspace */
export function packagePath(root: string, component: SbomComponent): string {
  const { group, name: base } = component;
  const name = group === undefined ? base : `${group}/${base}`;
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  const found = Object.entries(lock.packages).find(
    ([path, { version }]) => path.endsWith(`node_modules/${name}`) && version === component.version,
  );
  if (found === undefined) throw new Error(`${name} ${component.version} is not in package-lock.json`);
  return found[0];
}
