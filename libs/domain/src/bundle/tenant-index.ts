import { byCodePoint } from './bundle-json';
import type { Concerns } from './concerns';

/** Names of policies by category. */
export type IndexGroup = Readonly<Record<string, readonly string[]>>;

/**
 * What the fold looks names up in, so that a decision's cost does not grow with the number of policies:
 * each leaf is found by a whole path.
 */
export interface TenantIndex {
  readonly always: IndexGroup;
  readonly tools: Readonly<Record<string, IndexGroup>>;
  readonly servers: Readonly<Record<string, IndexGroup>>;
  readonly actions: Readonly<Record<string, IndexGroup>>;
  readonly when: Readonly<Record<string, IndexGroup>>;
}

export interface IndexedPolicy {
  /** Category as the fold names it: `simple` for the adapters of the simple form. */
  readonly category: string;
  readonly name: string;
  readonly concerns: Concerns;
}

type Groups = Map<string, Map<string, Set<string>>>;

/** Builds the index; the same policies in any order give the same index. */
export function tenantIndex(policies: readonly IndexedPolicy[]): TenantIndex {
  const always: Groups = new Map();
  const tools: Groups = new Map();
  const servers: Groups = new Map();
  const actions: Groups = new Map();
  const when: Groups = new Map();
  for (const { category, name, concerns } of policies) {
    const add = (groups: Groups, keys: readonly string[]): void => {
      for (const key of keys) {
        const group = groups.get(key) ?? new Map<string, Set<string>>();
        groups.set(key, group.set(category, (group.get(category) ?? new Set()).add(name)));
      }
    };
    if (concerns.everything) {
      add(always, ['']);
    } else {
      add(tools, concerns.tools);
      add(servers, concerns.servers);
      add(actions, concerns.actions);
      add(when, concerns.when);
    }
  }
  return {
    always: plain(always)[''] ?? {},
    tools: plain(tools),
    servers: plain(servers),
    actions: plain(actions),
    when: plain(when),
  };
}

function plain(groups: Groups): Record<string, IndexGroup> {
  return Object.fromEntries(
    [...groups].map(([key, group]) => [
      key,
      Object.fromEntries([...group].map(([category, names]) => [category, [...names].sort(byCodePoint)])),
    ]),
  );
}
