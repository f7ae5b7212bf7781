import { APP_NAMES, appsOf, ROUTE_TABLE, type AppName, type Mode } from '@behavry/contracts';
import { prefixPattern } from './edge-paths';

/** Largest body of a request in bytes where an app takes more than the default of all apps. */
export const BODY_BOUNDS: Readonly<Partial<Record<AppName, number>>> = {
  'llm-proxy': 16 * 1024 * 1024,
  'mcp-proxy': 4 * 1024 * 1024,
};
/** Largest body of every other app, in bytes. */
export const DEFAULT_BODY_BOUND = 1024 * 1024;

interface Entry {
  readonly prefix: string;
  readonly row: (typeof ROUTE_TABLE)[number];
}

/** Every prefix of the route table, longest first: the first that fits a path owns it, as `routeFor` finds it. */
const LONGEST_FIRST: readonly Entry[] = ROUTE_TABLE.flatMap((row) =>
  row.prefixes.map((prefix) => ({ prefix, row })),
).sort((a, b) => b.prefix.length - a.prefix.length);

/**
 * The maps from a decoded path to its group, and on to its app: groups of other modes have none.
 * @param addressOf what `proxy_pass` gets: host and port, or the name of an `upstream`
 */
export function routeMaps(mode: Mode, addressOf: (app: AppName) => string): readonly string[] {
  return [
    'map $uri $edge_group {',
    '  default "";',
    ...LONGEST_FIRST.map(({ prefix, row }) => `  "~${prefixPattern(prefix)}" ${row.group};`),
    '}',
    'map $edge_group $edge_app {',
    '  default "";',
    ...ROUTE_TABLE.filter(({ modes }) => modes.includes(mode)).map(({ group, app }) => `  ${group} ${app};`),
    '}',
    'map $edge_app $edge_address {',
    '  default "";',
    ...appsOf(mode).map(({ name }) => `  ${name} ${addressOf(name)};`),
    '}',
  ];
}

/** Locations for paths whose bodies may be larger than usual, because nginx takes no variable as a bound. */
export function boundedPaths(mode: Mode): readonly { readonly pattern: string; readonly maxBytes: number }[] {
  return APP_NAMES.flatMap((name) => {
    const maxBytes = BODY_BOUNDS[name];
    const own = LONGEST_FIRST.filter(({ row }) => row.app === name && row.modes.includes(mode));
    if (maxBytes === undefined || own.length === 0) return [];
    return [{ pattern: own.map(({ prefix }) => prefixPattern(prefix)).join('|'), maxBytes }];
  });
}

/** Where the paths of a mode begin, two segments each at most: what there is to find at the edge. */
export function firstSegments(mode: Mode): readonly string[] {
  const prefixes = ROUTE_TABLE.filter(({ modes }) => modes.includes(mode)).flatMap((row) => row.prefixes);
  const starts = [...new Set(prefixes.map((prefix) => prefix.split('/').slice(0, 3).join('/')))];
  return starts.filter((start) => !starts.some((other) => start.startsWith(`${other}/`)));
}
