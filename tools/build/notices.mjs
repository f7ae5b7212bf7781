// The licences of the packages in a program, in their own words: most ask to be given along with copies.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './projects.mjs';

const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/iu;

/**
 * @param {readonly { title: string, path: string }[]} packages by name, with their folders relative to the workspace
 * @returns {string} one text
 */
export function noticesOf(packages) {
  const parts = packages.map(({ title, path }) => {
    const texts = readdirSync(join(ROOT, path), { withFileTypes: true })
      .filter((entry) => entry.isFile() && LICENCE_FILE.test(entry.name))
      .map(({ name }) => name)
      .sort()
      .map((name) => readFileSync(join(ROOT, path, name), 'utf8').trim());
    return [
      title,
      '='.repeat(title.length),
      ...(texts.length > 0 ? texts : ['It ships no licence file.']),
    ].join('\n\n');
  });
  return `${parts.join('\n\n\n')}\n`;
}
