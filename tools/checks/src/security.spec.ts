import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, ROOT } from './tree';

const PAGE = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Each `file` of the tables with the "titles" behind it, up to the next file or the end of the row. */
const NAMED = PAGE.split('\n').flatMap((row) =>
  [...row.matchAll(/`([^`]+spec\.ts)`((?: ·)? "[^`]*)/g)].flatMap(([, file = '', titles = '']) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title })),
  ),
);

/** Quotation marks within a title may be escaped in its file. */
const plain = (text: string): string => text.replaceAll("\\'", "'");

describe('the security page', () => {
  it('names tests that are there', () => {
    const missing = NAMED.filter(
      ({ file, title }) => !existsSync(join(ROOT, file)) || !plain(read(file)).includes(title),
    );
    expect(NAMED.length).toBeGreaterThan(80);
    expect(missing).toEqual([]);
  });

  it('names variables that an app reads', () => {
    const sources = filesBelow('.')
      .filter((file) => file.endsWith('.config.ts') || /config\/[a-z-]+\.ts$/.test(file))
      .map(read)
      .join('\n');
    const missing = [...new Set(PAGE.match(/BEHAVRY_[A-Z_]+[A-Z]/g))].filter(
      (name) => name !== 'BEHAVRY_SECRET' && !sources.includes(`'${name}'`),
    );
    expect(missing).toEqual([]);
  });
});
