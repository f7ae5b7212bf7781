// Finds the workspace's projects by their project.json, without starting Nx.
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** @returns {{name: string, root: string, tags: string[]}[]} every project, by name */
export function projects() {
  const found = [];
  const visit = (folder, depth) => {
    const file = join(ROOT, folder, 'project.json');
    if (existsSync(file)) {
      const { name, tags = [] } = JSON.parse(readFileSync(file, 'utf8'));
      found.push({ name, root: relative('', folder), tags });
    }
    if (depth === 0) return;
    for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
      if (entry.isDirectory() && entry.name !== 'node_modules') visit(join(folder, entry.name), depth - 1);
    }
  };
  for (const top of ['apps', 'libs', 'tools', 'policies']) {
    if (existsSync(join(ROOT, top))) visit(top, 1);
  }
  return found.sort((a, b) => a.name.localeCompare(b.name));
}
