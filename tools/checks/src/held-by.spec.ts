import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, linesOf, ROOT } from './tree';

/** Pages that say of each row of their tables what holds it, and how many rows they have at least. */
const PAGES = [
  ['docs/contract.md', 100],
  ['docs/security.md', 50],
] as const;
/** The heads of such a last column; other tables are about something else. */
const HELD_BY = new Set(['held by', 'Tests']);
const COMES_WITH = /^comes with: [^`"·]{5,}$/;
const TEST = /^(?:`([^`]+\.ts)` )?"([^"]+)"$/;

interface Row {
  readonly statement: string;
  readonly heldBy: string;
}

const cellsOf = (line: string): readonly string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The rows of all tables whose last column says what holds the rest of a row. */
function rowsOf(lines: readonly string[]): readonly Row[] {
  return lines
    .join('\n')
    .split(/\n(?!\|)/)
    .map((block) => block.split('\n').filter((line) => line.startsWith('|')))
    .filter(([head = '']) => HELD_BY.has(cellsOf(head).at(-1) ?? ''))
    .flatMap(([, , ...rows]) => rows.map(cellsOf))
    .map((cells) => ({ statement: cells[0] ?? '', heldBy: cells.at(-1) ?? '' }));
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Whether a file declares a test of that title, and not only a group of tests. */
function declares(file: string, title: string): boolean {
  if (!existsSync(join(ROOT, file))) return false;
  // Quotation marks within a title may be escaped in its file.
  const source = read(file).replaceAll("\\'", "'");
  return new RegExp(`(?<!describe)\\(\\s*(['"\`])${escaped(title)}\\1`).test(source);
}

/** What is wrong with the last cell of a row; empty when it names tests that are there, or what it waits for. */
function faultsOf(heldBy: string): readonly string[] {
  if (COMES_WITH.test(heldBy)) return [];
  let file = '';
  return heldBy.split(' · ').flatMap((part) => {
    const [, named = file, title] = TEST.exec(part) ?? [];
    if (title === undefined || named === '') return [`neither a test nor what it comes with: "${part}"`];
    file = named;
    return declares(file, title) ? [] : [`${file} has no test "${title}"`];
  });
}

describe.each(PAGES)('%s', (page, atLeast) => {
  const lines = linesOf(page);

  it('names for each row tests that are there, or what it comes with', () => {
    const rows = rowsOf(lines);
    expect(rows.length).toBeGreaterThanOrEqual(atLeast);
    expect(
      rows.flatMap(({ statement, heldBy }) => faultsOf(heldBy).map((fault) => [statement, fault])),
    ).toEqual([]);
    expect(rows.filter(({ statement }) => statement === '')).toEqual([]);
  });

  it('names variables that an app or a compose file reads', () => {
    const configuration = filesBelow('.')
      .filter((file) => file.endsWith('.config.ts') || /config\/[a-z-]+\.ts$/.test(file))
      .map(read)
      .join('\n');
    const compose = read('docker/docker-compose.yml');
    const named = [...new Set(lines.join('\n').match(/BEHAVRY_[A-Z_]+[A-Z]/g))];
    expect(named.length).toBeGreaterThan(1);
    const missing = named.filter(
      (name) =>
        name !== 'BEHAVRY_SECRET' && !configuration.includes(`'${name}'`) && !compose.includes(`\${${name}:`),
    );
    expect(missing).toEqual([]);
  });
});

describe('a cell that says what holds a row', () => {
  const THIS = 'tools/checks/src/held-by.spec.ts';
  const OWN = 'takes tests by file and title, and what is still to come';

  it('takes tests by file and title, and what is still to come', () => {
    expect(faultsOf(`\`${THIS}\` "${OWN}" · "is refused when it says anything else: %j"`)).toEqual([]);
    expect(faultsOf('comes with: the dashboard')).toEqual([]);
  });

  it.each([
    '',
    'no test yet',
    'comes with:',
    OWN,
    `"${OWN}"`,
    `\`${THIS}\``,
    `\`${THIS}\` "takes tests"`,
    `\`${THIS}\` "a cell that says what holds a row"`,
    `\`tools/checks/src/nothing.spec.ts\` "${OWN}"`,
    `\`${THIS}\` "${OWN}" · comes with: the dashboard`,
  ])('is refused when it says anything else: %j', (cell) => {
    expect(faultsOf(cell)).toHaveLength(1);
  });
});
