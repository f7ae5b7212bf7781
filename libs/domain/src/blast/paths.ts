/** `..` that are followed in one path; a path that climbs more often hides where it goes. */
const MAX_CLIMBS = 8;

// White space is named one by one here, because JavaScript and Rego disagree about it.
const OUTER_SPACE = /^[\t-\r ]+|[\t-\r ]+$/g;
const FILE_SCHEME = /^file:(\/\/[^/]*)?/i;

/**
 * A path as a rule sees it: forward slashes, percent escapes of file URLs decoded, dot segments resolved, `~` kept as
 * the first component. The Rego of `base/blast_radius` says the same.
 * @returns the components, without empty ones; undefined for a path with more `..` than anybody needs
 */
export function pathComponents(text: string): readonly string[] | undefined {
  const path = text.replaceAll('\0', '').replace(OUTER_SPACE, '');
  const plain = FILE_SCHEME.test(path) ? decoded(path.replace(FILE_SCHEME, '')) : path;
  const components: string[] = [];
  let climbs = 0;
  for (const part of plain.replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') components.push(part);
    else if (++climbs > MAX_CLIMBS) return undefined;
    else components.pop();
  }
  return components;
}

/** Malformed escapes are left, but what separates components is seen even then. */
function decoded(path: string): string {
  if (/%(?![0-9a-f]{2})/i.test(path)) {
    return path.replace(/%2e/gi, '.').replace(/%2f/gi, '/').replace(/%5c/gi, '\\');
  }
  const bytes = Buffer.from(path).toString('latin1');
  const raw = bytes.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(raw, 'latin1').toString('utf8');
}

/**
 * Whether a path lies at or under a folder. `~` in a rule also means any home folder.
 * @param folder a rule's path, for example `/etc` or `~/.ssh`
 */
export function isUnder(path: readonly string[], folder: string): boolean {
  const wanted = pathComponents(folder) ?? [];
  if (wanted[0] !== '~') return startsWith(path, wanted);
  const home = homeDepth(path);
  return home > 0 && startsWith(path.slice(home), wanted.slice(1));
}

function homeDepth(path: readonly string[]): number {
  if (path[0] === '~' || path[0] === '$HOME' || path[0] === '${HOME}' || path[0] === 'root') return 1;
  return (path[0] === 'home' || path[0] === 'Users') && path.length > 1 ? 2 : 0;
}

function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.length > 0 && prefix.every((part, index) => path[index] === part);
}
