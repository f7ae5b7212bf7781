import { CONTRIBUTION_KINDS, type Concerns } from './concerns';

/** Policies by category and name, each with the verdicts that it has rules for. */
export type IndexGroup = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

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

/** What is known of one policy, apart from its text. */
export interface IndexedPolicy {
  /** Category as the fold names it: `simple` for the adapters of the simple form. */
  readonly category: string;
  readonly name: string;
  readonly concerns: Concerns;
  readonly package: string;
  /** The package again for a policy that is shipped. */
  readonly id: string;
  /** 0 for a policy that is shipped. */
  readonly version: number;
}

/** What the fold tells of a policy that spoke. */
export interface PolicyRow {
  readonly policy: string;
  readonly policy_id: string;
  readonly version: number;
  readonly is_reason_constant: boolean;
  readonly judges_truncated: boolean;
}

/** The table of a bundle's policies by category and name; nothing in it comes from an author's own words. */
export type PolicyTable = Readonly<Record<string, Readonly<Record<string, PolicyRow>>>>;

type Groups = Map<string, Map<string, Map<string, readonly string[]>>>;

/** Builds the table from what is stored, never from a policy's text. */
export function policyTable(policies: readonly IndexedPolicy[]): PolicyTable {
  const table: Record<string, Record<string, PolicyRow>> = {};
  for (const { category, name, concerns, package: policy, id, version } of policies) {
    (table[category] ??= {})[name] = {
      policy,
      policy_id: id,
      version,
      is_reason_constant: concerns.isReasonConstant ?? false,
      judges_truncated: concerns.judgesTruncated ?? false,
    };
  }
  return table;
}

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
        const group = groups.get(key) ?? new Map<string, Map<string, readonly string[]>>();
        const names = group.get(category) ?? new Map<string, readonly string[]>();
        groups.set(key, group.set(category, names.set(name, concerns.kinds ?? CONTRIBUTION_KINDS)));
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
      Object.fromEntries([...group].map(([category, names]) => [category, Object.fromEntries(names)])),
    ]),
  );
}
