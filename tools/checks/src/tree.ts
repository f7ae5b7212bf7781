import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The workspace, seen from this file's project. */
export const ROOT = join(__dirname, '..', '..', '..');

const NOT_OURS = new Set(['node_modules', 'dist', '.git', '.nx', '.behavry', 'tmp']);

/** @returns paths of all files of ours below a folder, relative to the workspace */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [relative('', path)];
  });
}

export function linesOf(file: string): readonly string[] {
  return readFileSync(join(ROOT, file), 'utf8').split('\n');
}

/** @returns folders of all projects, and of the rooms without a project of their own */
export function rooms(): readonly string[] {
  return ['apps', 'libs', 'tools']
    .flatMap((top) => readdirSync(join(ROOT, top)).map((name) => `${top}/${name}`))
    .filter((folder) => existsSync(join(ROOT, folder, 'project.json')))
    .concat('policies', 'docker', 'k8s');
}

/** @returns targets of the relative links of a Markdown file */
export function linksOf(file: string): readonly string[] {
  return [
    ...linesOf(file)
      .join('\n')
      .matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g),
  ].map(([, target]) => target ?? '');
}
