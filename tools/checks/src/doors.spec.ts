import { filesBelow, linesOf } from './tree';

/** Rooms whose door is as narrow as it can be; a room under construction joins when it is built. */
const ROOMS = ['contracts', 'domain', 'platform', 'pipeline', 'proxy', 'db-control', 'db-data', 'testing'];

const IMPORT = /(?:import|export) (?:type )?\{([^}]*)\} from '@behavry\/([a-z-]+)'/g;
const EXPORT = /export (?:type )?\{([^}]*)\} from/g;

const namesOf = (list: string): readonly string[] =>
  list
    .split(',')
    .map((name) => name.trim().replace(/^type /, ''))
    .filter((name) => name !== '');

/** What is imported of a room anywhere but in itself; the tests of other rooms count. */
function usedOf(room: string): ReadonlySet<string> {
  const sources = ['apps', 'libs', 'tools']
    .flatMap((top) => filesBelow(top))
    .filter((file) => file.endsWith('.ts') && !file.startsWith(`libs/${room}/`));
  const lists = sources.flatMap((file) => [...linesOf(file).join('\n').matchAll(IMPORT)]);
  return new Set(
    lists.flatMap(([, names = '', from]) =>
      from === room ? namesOf(names).map((name) => name.split(' as ')[0] ?? '') : [],
    ),
  );
}

it.each(ROOMS)('the door of %s shows nothing that nobody outside uses', (room) => {
  const shown = [...linesOf(`libs/${room}/src/index.ts`).join('\n').matchAll(EXPORT)].flatMap(
    ([, names = '']) => namesOf(names),
  );
  const used = usedOf(room);
  expect(shown.length).toBeGreaterThan(5);
  expect(shown.filter((name) => !used.has(name.split(' as ').at(-1) ?? ''))).toEqual([]);
});
