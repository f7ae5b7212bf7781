import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the local runner and Node set beside the configuration of apps; none is a secret. */
const ALSO_OPEN = new Set(['NODE_ENV', 'BEHAVRY_ROOT', 'BEHAVRY_PLANE_PORT_BASE']);

/** Names of variables, and whether their values are secrets. */
export type KnownVariables = ReadonlyMap<string, { readonly isSecret: boolean }>;

/** @returns the variables of docs/configuration.md, which is made from the apps' own configuration classes */
export function knownVariables(root: string): KnownVariables {
  const text = readFileSync(join(root, 'docs', 'configuration.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(BEHAVRY_\w+)` \| \w+ \| (.*?) \|/gm)];
  if (rows.length === 0) throw new Error('docs/configuration.md names no variable; run npm run generate');
  return new Map(rows.map(([, name = '', value = '']) => [name, { isSecret: value === 'secret' }]));
}

/**
 * What of an environment may be told: of our variables those that are no secrets, with their values; of all others
 * that they are set. A variable that nobody knows is taken for a secret.
 */
export function shownConfiguration(
  environment: Readonly<Record<string, string>>,
  known: KnownVariables,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(environment)
      .filter(([name]) => name.startsWith('BEHAVRY_') || name === 'NODE_ENV')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, isOpen(name, known) ? value : value === '' ? '(empty)' : '(set)']),
  );
}

/** @returns the values of an environment that must not leave */
export function secretsOf(
  environment: Readonly<Record<string, string>>,
  known: KnownVariables,
): readonly string[] {
  const open = new Set(
    Object.entries(environment).flatMap(([name, value]) => (isOpen(name, known) ? [value] : [])),
  );
  const isOurs = (name: string): boolean =>
    name.startsWith('BEHAVRY_') || /PASSWORD|SECRET|TOKEN|_KEY$/i.test(name);
  return Object.entries(environment).flatMap(([name, value]) =>
    isOurs(name) && !isOpen(name, known) && !open.has(value) ? [value, ...passwordIn(value)] : [],
  );
}

function isOpen(name: string, known: KnownVariables): boolean {
  return ALSO_OPEN.has(name) || known.get(name)?.isSecret === false;
}

/** The password of an address is a secret of its own, as written and as meant. */
function passwordIn(value: string): readonly string[] {
  const password = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:([^/@\s]+)@/i.exec(value)?.[1];
  if (password === undefined) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
