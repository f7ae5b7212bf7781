import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fullName, packagePath, type Sbom, type SbomComponent } from './sbom';

const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/iu;

/**
 * The licences of the packages in a program, in their own words: most ask to be given along with copies.
 * @returns one text, by name of the package
 */
export function notices(root: string, sbom: Sbom): string {
  return sbom.components
    .map((component) => {
      const texts = licenceTexts(join(root, packagePath(root, component)));
      const title = `${fullName(component)} ${component.version} (${licenceName(component)})`;
      return [
        title,
        '='.repeat(title.length),
        ...(texts.length > 0 ? texts : ['It ships no licence file.']),
      ].join('\n\n');
    })
    .join('\n\n\n')
    .concat('\n');
}

function licenceName({ licenses: [licence] }: SbomComponent): string {
  return licence?.license?.id ?? licence?.expression ?? 'unknown';
}

function licenceTexts(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENCE_FILE.test(entry.name))
    .map(({ name }) => name)
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8').trim());
}
