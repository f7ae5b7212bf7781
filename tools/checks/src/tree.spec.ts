import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { filesBelow, linesOf, linksOf, rooms, ROOT } from './tree';

const SOURCES = filesBelow('.').filter((file) => /\.(ts|mjs|cjs|rego|sh)$/.test(file));

describe('the tree', () => {
  it('has no file over 300 lines that does not say why in its first lines, and none over 500', () => {
    const tooLong = SOURCES.filter((file) => {
      const lines = linesOf(file);
      const saysWhy = lines.slice(0, 5).some((line) => /long because/i.test(line));
      return lines.length > (saysWhy ? 500 : 301);
    });
    expect(tooLong).toEqual([]);
  });

  it('has a README of at most 120 lines in every room', () => {
    const wrong = rooms().filter((room) => {
      const file = join(room, 'README.md');
      return !existsSync(join(ROOT, file)) || linesOf(file).length > 120;
    });
    expect(wrong).toEqual([]);
  });

  it('has tests in every project', () => {
    const untested = rooms()
      .filter((room) => existsSync(join(ROOT, room, 'project.json')) && room !== 'policies')
      .filter((room) => !filesBelow(room).some((file) => /\.(?:int-|e2e-)?spec\.ts$/.test(file)));
    expect(untested).toEqual([]);
  });

  it('has something behind every link of its documents', () => {
    const broken = filesBelow('.')
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) => linksOf(file).map((target) => ({ file, target })))
      .filter(({ file, target }) => !existsSync(join(ROOT, dirname(file), target)));
    expect(broken).toEqual([]);
  });

  it('has every path that CONTRIBUTING.md leads to', () => {
    const named = [
      ...linesOf('CONTRIBUTING.md')
        .join('\n')
        .matchAll(/`((?:apps|libs|tools|docs|policies)[^`\s*]*)`/g),
    ];
    const missing = named.map(([, path]) => path ?? '').filter((path) => !existsSync(join(ROOT, path)));
    expect(named.length).toBeGreaterThan(10);
    expect(missing).toEqual([]);
  });

  it('keeps every package of the lock files free of foreign hosts', () => {
    const locks = filesBelow('.').filter((file) => basename(file) === 'package-lock.json');
    const hosts = locks
      .flatMap(linesOf)
      .filter((line) => /"resolved": "(?!https:\/\/registry\.npmjs\.org\/)/.test(line));
    expect(locks.length).toBeGreaterThan(1);
    expect(hosts).toEqual([]);
  });
});
