/** Parts of the input whose presence alone makes a policy worth asking. */
export const CONCERN_CONDITIONS = [
  'delegation',
  'workflow',
  'requester',
  'injection',
  'dlp',
  'context',
] as const;
export type ConcernCondition = (typeof CONCERN_CONDITIONS)[number];

/** Verdicts that a policy's rules may contribute, strongest first. */
export const CONTRIBUTION_KINDS = ['deny', 'escalate', 'restrict', 'allow'] as const;
export type ContributionKind = (typeof CONTRIBUTION_KINDS)[number];

/** What else is known of a module. Of a version that was saved before these were read, nothing is. */
export interface ModuleTraits {
  /** Verdicts that it has rules for; unknown means any. */
  readonly kinds?: readonly ContributionKind[];
  /** Whether no reason is built from the call. */
  readonly isReasonConstant?: boolean;
  /** Whether it declares that it can judge a call of which something was left out (`custom: {truncated: true}`). */
  readonly judgesTruncated?: boolean;
}

/**
 * Which calls a policy has something to say about: those that match any entry. `everything` stands for
 * policies that say nothing of the kind.
 */
export type Concerns = ModuleTraits & CallConcerns;

type CallConcerns =
  | { readonly everything: true }
  | {
      readonly everything: false;
      readonly tools: readonly string[];
      readonly servers: readonly string[];
      /** Verbs or action classes. */
      readonly actions: readonly string[];
      readonly when: readonly ConcernCondition[];
    };

export const EVERYTHING: Concerns = { everything: true };

const LISTS = ['tools', 'servers', 'actions', 'when'] as const;

/**
 * Reads what a module's metadata declares: `custom: {tools: […], servers: […], actions: […], when: […]}`.
 * @param custom the member `custom` of the package's annotations
 * @returns undefined when nothing is declared
 * @throws TypeError that says what is wrong with the declaration
 */
export function declaredConcerns(custom: unknown): Concerns | undefined {
  if (typeof custom !== 'object' || custom === null) return undefined;
  const members = custom as Readonly<Record<string, unknown>>;
  if (!LISTS.some((list) => members[list] !== undefined)) return undefined;
  const when = textsOf(members, 'when');
  const unknown = when.find((condition) => !isCondition(condition));
  if (unknown !== undefined)
    throw new TypeError(`when knows ${CONCERN_CONDITIONS.join(', ')}, not ${unknown}`);
  return {
    everything: false,
    tools: textsOf(members, 'tools'),
    servers: textsOf(members, 'servers'),
    actions: textsOf(members, 'actions'),
    when: when.filter(isCondition),
  };
}

/**
 * Whether a module's metadata declares that it can judge truncated input.
 * @throws TypeError that says what is wrong with the declaration
 */
export function declaresTruncated(custom: unknown): boolean {
  const value = (custom as Readonly<Record<string, unknown>> | null | undefined)?.['truncated'];
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw new TypeError('truncated in the metadata must be true or false');
}

/**
 * The same from a module's text, for the modules that we ship: lists inline, one a line, in the metadata
 * before `package`, every contribution one set of objects. A tenant's policy is read from OPA's own parse instead.
 */
export function concernsOfText(content: string): Concerns {
  const custom: Record<string, readonly string[]> = {};
  let judgesTruncated = false;
  for (const line of content.split('\n')) {
    if (!line.startsWith('#')) break;
    if (line === '#   truncated: true') judgesTruncated = true;
    const [, key, items] = /^# {3}(tools|servers|actions|when): \[([^\]]*)\]$/.exec(line) ?? [];
    if (key !== undefined && items !== undefined) custom[key] = items.split(',').map((item) => item.trim());
  }
  return {
    ...(declaredConcerns(custom) ?? EVERYTHING),
    kinds: CONTRIBUTION_KINDS.filter((kind) => new RegExp(`^${kind} contains `, 'm').test(content)),
    isReasonConstant: !/"reason":\s*[^"\s]/.test(content),
    judgesTruncated,
  };
}

function textsOf(members: Readonly<Record<string, unknown>>, list: string): readonly string[] {
  const value = members[list];
  if (value === undefined) return [];
  if (
    !Array.isArray(value) ||
    !value.every((item): item is string => typeof item === 'string' && item !== '')
  ) {
    throw new TypeError(`${list} in the metadata must be a list of texts`);
  }
  return value;
}

function isCondition(text: string): text is ConcernCondition {
  return (CONCERN_CONDITIONS as readonly string[]).includes(text);
}
