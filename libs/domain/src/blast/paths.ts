/**
 * A path as a rule sees it: forward slashes, percent escapes of file URLs decoded, dot segments
 * resolved, `~` kept as the first component.
 * @returns the components, without empty ones
 */
export function pathComponents(text: string): readonly string[] {
  let path = text.trim().replaceAll('\0', '');
  if (/^file:\/\//i.test(path)) {
    path = path.replace(/^file:\/\/[^/]*/i, '');
    try {
      path = decodeURIComponent(path);
    } catch {
      // Not a valid escape: the text itself is what a tool would see.
    }
  }
  const components: string[] = [];
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') components.pop();
    else components.push(part);
  }
  return components;
}

/**
 * Whether a path lies at or under a folder. `~` in a rule also means any home folder.
 * @param folder a rule's path, for example `/etc` or `~/.ssh`
 */
export function isUnder(path: readonly string[], folder: string): boolean {
  const wanted = pathComponents(folder);
  const home = homeDepth(path);
  if (wanted[0] === '~') {
    return home > 0 && startsWith(path.slice(home), wanted.slice(1));
  }
  return startsWith(path, wanted);
}

function homeDepth(path: readonly string[]): number {
  if (path[0] === '~' || path[0] === '$HOME' || path[0] === '${HOME}' || path[0] === 'root') return 1;
  return (path[0] === 'home' || path[0] === 'Users') && path.length > 1 ? 2 : 0;
}

function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.length > 0 && prefix.every((part, index) => path[index] === part);
}
