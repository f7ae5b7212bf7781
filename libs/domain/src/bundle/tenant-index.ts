import { byCodePoint } from './bundle-json';
import { CONTRIBUTION_KINDS, type Concerns } from './concerns';

/** Rank of a verdict that a policy has rules for (0 is the strongest), the policy's category and its name. */
export type IndexedRule = readonly [rank: number, category: string, name: string];

/**
 * What the fold looks names up in, so that a decision's cost does not grow with the number of policies:
 * each leaf is found by a whole path.
 */
export interface TenantIndex {
  readonly always: readonly IndexedRule[];
  readonly tools: Readonly<Record<string, readonly IndexedRule[]>>;
  readonly servers: Readonly<Record<string, readonly IndexedRule[]>>;
  readonly actions: Readonly<Record<string, readonly IndexedRule[]>>;
  readonly when: Readonly<Record<string, readonly IndexedRule[]>>;
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
  const inOrder = [...policies]
    .sort((a, b) => byCodePoint(a.category, b.category) || byCodePoint(a.name, b.name))
    .map(({ category, name, concerns }) => ({
      concerns,
      rules: (concerns.kinds ?? CONTRIBUTION_KINDS).map((kind): IndexedRule => [
        CONTRIBUTION_KINDS.indexOf(kind),
        category,
        name,
      ]),
    }));
  const rulesBy = (keysOf: (concerns: Concerns) => Iterable<string>): Record<string, IndexedRule[]> => {
    const groups = new Map<string, IndexedRule[]>();
    for (const { concerns, rules } of inOrder) {
      for (const key of keysOf(concerns)) {
        const group = groups.get(key) ?? [];
        group.push(...rules);
        groups.set(key, group);
      }
    }
    return Object.fromEntries(groups);
  };
  const listed = (list: 'tools' | 'servers' | 'actions' | 'when'): Record<string, IndexedRule[]> =>
    rulesBy((concerns) => (concerns.everything ? [] : new Set(concerns[list])));
  return {
    always: rulesBy(({ everything }) => (everything ? ['always'] : []))['always'] ?? [],
    tools: listed('tools'),
    servers: listed('servers'),
    actions: listed('actions'),
    when: listed('when'),
  };
}
