import { objectsOf } from '@behavry/contracts';
import {
  CONTRIBUTION_KINDS,
  declaredConcerns,
  declaresTruncated,
  EVERYTHING,
  type Concerns,
  type ContributionKind,
} from './concerns';
import { SIMPLE_CATEGORY, type PolicyFault, type PolicyPackage } from './policy-package';
import { readRegoModule, refText, type RegoExpression, type RegoRule, type RegoTerm } from './rego-ast';

/** What is known of a policy once OPA has parsed it. */
export interface ModuleJudgement {
  readonly concerns: Concerns;
  readonly faults: readonly PolicyFault[];
}

/** The parts of the input whose equality with fixed texts tells which calls a rule can speak about. */
const SELECTORS: ReadonlyMap<string, 'tools' | 'servers' | 'actions'> = new Map([
  ['input.request.tool_name', 'tools'],
  ['input.request.mcp_server', 'servers'],
  ['input.request.action', 'actions'],
  ['input.request.action_class', 'actions'],
]);

type Selection = readonly [list: 'tools' | 'servers' | 'actions', texts: readonly string[]];

/**
 * Reads a parsed policy: whether its contributions have a form that the fold can hear, and which calls it
 * concerns. A contribution in another form would be silent, which for a denial is dangerous, so it is a fault.
 * @param ast what `opa parse --format json --json-include locations` printed
 */
export function judgeModule(ast: unknown, place: PolicyPackage): ModuleJudgement {
  const module = readRegoModule(ast);
  const faults: PolicyFault[] = [];
  if (module.package !== place.text) {
    const message = `OPA reads the package as ${module.package ?? 'none'}, not ${place.text}`;
    faults.push({ code: 'package_invalid', message, row: 1, col: 1 });
  }
  const rules = module.rules.filter(({ name }) => isContribution(name));
  for (const rule of rules) {
    const message = place.category === SIMPLE_CATEGORY ? simpleFault(rule) : fullFault(rule);
    if (message !== undefined)
      faults.push({ code: 'contribution_shape', message, row: rule.row, col: rule.col });
  }
  for (const { row, col } of module.mixedMemberships) {
    faults.push({ code: 'membership_mixed', message: MIXED_MEMBERSHIP, row, col });
  }
  const traits = {
    kinds: CONTRIBUTION_KINDS.filter((kind) => rules.some(({ name }) => name === kind)),
    isReasonConstant: place.category === SIMPLE_CATEGORY || rules.every(({ key }) => hasConstantReason(key)),
  };
  try {
    const judgesTruncated = declaresTruncated(module.custom);
    const concerns = declaredConcerns(module.custom) ?? inferredConcerns(rules);
    return { concerns: { ...concerns, ...traits, judgesTruncated }, faults };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return {
      concerns: { ...EVERYTHING, ...traits },
      faults: [...faults, { code: 'metadata_invalid', message: error.message, row: 1, col: 1 }],
    };
  }
}

/** OPA before 1.22.2 takes only the constants of such a literal and leaves the rule out. */
const MIXED_MEMBERSHIP =
  'a membership test in a list or set that mixes constants with other values is not evaluated by every OPA: ' +
  'name the set first (dangerous := {"rm", input.x}, then y in dangerous), or test the values one by one';

function isContribution(name: string): name is ContributionKind {
  return (CONTRIBUTION_KINDS as readonly string[]).includes(name);
}

/** An entry without a reason gets one from the fold, which is constant too. */
function hasConstantReason(key: RegoTerm | undefined): boolean {
  if (key?.type !== 'object' || !Array.isArray(key.value)) return false;
  return (key.value as unknown[]).every((pair) => {
    const [name, value] = objectsOf(pair);
    return name?.['type'] === 'string' && (name['value'] !== 'reason' || value?.['type'] === 'string');
  });
}

function fullFault({ name, isSet, isNested, isFunction, isDefault }: RegoRule): string | undefined {
  return isSet && !isNested && !isFunction && !isDefault
    ? undefined
    : `${name} must be a set: ${name} contains {"policy": "…", "reason": "…"} if { … }`;
}

function simpleFault({ name, isSet, isNested, isFunction, value }: RegoRule): string | undefined {
  if (name === 'restrict') return 'the simple form has no restrict: use package behavry.<category>.<name>';
  const isConstant = value === undefined || value === true || value === false || typeof value === 'object';
  return isSet || isNested || isFunction || !isConstant
    ? `${name} must be true or false in the simple form`
    : undefined;
}

/**
 * Sound by construction: a rule is put under a key only when its body demands that the input equals one of
 * fixed texts, so that it says nothing about any other call.
 */
function inferredConcerns(rules: readonly RegoRule[]): Concerns {
  const found = { tools: new Set<string>(), servers: new Set<string>(), actions: new Set<string>() };
  for (const rule of rules) {
    if (rule.isDefault && rule.value === false) continue;
    const selection = rule.isDefault || rule.hasElse ? undefined : selectionIn(rule.body);
    if (!selection) return EVERYTHING;
    const [list, texts] = selection;
    for (const text of texts) found[list].add(text);
  }
  const { tools, servers, actions } = found;
  return { everything: false, tools: [...tools], servers: [...servers], actions: [...actions], when: [] };
}

function selectionIn(body: readonly RegoExpression[]): Selection | undefined {
  const selections = body.flatMap((expression) => selectionOf(expression) ?? []);
  const order = ['tools', 'servers', 'actions'];
  return selections.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))[0];
}

function selectionOf({ isNegated, hasWith, terms }: RegoExpression): [Selection] | undefined {
  if (isNegated || hasWith || terms.length !== 3) return undefined;
  const [operator, left, right] = terms;
  const name = refText(operator);
  if (name === 'equal' || name === 'eq')
    return selecting(left, right, textIn) ?? selecting(right, left, textIn);
  return name === 'internal.member_2' ? selecting(left, right, textsIn) : undefined;
}

function selecting(
  subject: RegoTerm | undefined,
  texts: RegoTerm | undefined,
  fits: (term: RegoTerm) => readonly string[] | undefined,
): [Selection] | undefined {
  const list = SELECTORS.get(refText(subject) ?? '');
  const found = texts === undefined ? undefined : fits(texts);
  return list !== undefined && found !== undefined ? [[list, found]] : undefined;
}

function textIn({ type, value }: RegoTerm): readonly string[] | undefined {
  return type === 'string' && typeof value === 'string' ? [value] : undefined;
}

function textsIn({ type, value }: RegoTerm): readonly string[] | undefined {
  if (type !== 'set' && type !== 'array') return undefined;
  const items = objectsOf(value).map(({ type: kind, value: text }) => (kind === 'string' ? text : undefined));
  return items.every((item): item is string => typeof item === 'string') ? items : undefined;
}
