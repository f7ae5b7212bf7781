/** Categories of policies (contract: OPA bundle serving); `generated` holds what the product wrote itself. */
export const POLICY_CATEGORIES = [
  'base',
  'inbound',
  'requester',
  'delegation',
  'workflows',
  'discovery',
  'generated',
] as const;
export type PolicyCategory = (typeof POLICY_CATEGORIES)[number];

/** Category of policies in the simple form: package `behavry.authz.<name>`, boolean `allow`, `deny`, `escalate`. */
export const SIMPLE_CATEGORY = 'authz';

export type PackageFaultCode =
  | 'package_missing'
  | 'package_invalid'
  | 'category_unknown'
  | 'category_mismatch'
  | 'name_reserved'
  | 'test_package'
  | 'policy_too_large';

/** What is wrong with a policy's text, and where; rows and columns count from 1. */
export interface PolicyFault {
  readonly code: string;
  readonly message: string;
  readonly row: number;
  readonly col: number;
}

/** Where a policy belongs: its package `behavry.<category>.<name>` taken apart. */
export interface PolicyPackage {
  /** Dotted, for example `behavry.base.no_deletes`. */
  readonly text: string;
  readonly category: PolicyCategory | typeof SIMPLE_CATEGORY;
  readonly name: string;
  /** Entry name in a bundle, without a leading slash. */
  readonly path: string;
}

export type PackageResult =
  | { readonly ok: true; readonly package: PolicyPackage }
  | { readonly ok: false; readonly fault: PolicyFault };

/** Largest policy text in bytes. */
export const MAX_POLICY_BYTES = 256 * 1024;

const DECLARATION = /^package[ \t]+([^\s#;]+)[ \t]*(?:#.*|;.*)?$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
/** Rules of `behavry.authz` itself: a package of that name would be at the same place. */
const RESERVED_SIMPLE_NAMES: readonly string[] = ['decision', 'revision'];

/**
 * Reads the package of a policy from its text and decides whether it may have a place in a bundle.
 * @param content Rego text
 * @param category the category that the author gave; a policy in the simple form may name any
 */
export function packageOf(content: string, category: string): PackageResult {
  if (Buffer.byteLength(content) > MAX_POLICY_BYTES) {
    return refuse('policy_too_large', `a policy has at most ${String(MAX_POLICY_BYTES)} bytes`, 1);
  }
  if (!isCategory(category) && category !== SIMPLE_CATEGORY) {
    return refuse(
      'category_unknown',
      `the category is one of ${[...POLICY_CATEGORIES, SIMPLE_CATEGORY].join(', ')}`,
      1,
    );
  }
  const declared = declarationIn(content);
  if (!declared)
    return refuse('package_missing', 'the first statement must be "package behavry.<category>.<name>"', 1);
  const { text, row } = declared;
  const [root, own, name, ...more] = text.split('.');
  if (root !== 'behavry' || own === undefined || name === undefined || more.length > 0 || !NAME.test(name)) {
    return refuse(
      'package_invalid',
      'the package is behavry.<category>.<name>, a name of letters, digits and _',
      row,
    );
  }
  if (own !== SIMPLE_CATEGORY && own !== category) {
    return refuse(
      'category_mismatch',
      `the package is of category ${own}, the policy of category ${category}`,
      row,
    );
  }
  if (own === SIMPLE_CATEGORY && RESERVED_SIMPLE_NAMES.includes(name)) {
    return refuse('name_reserved', `${name} is a rule of the product's own package behavry.authz`, row);
  }
  if (name.endsWith('_test')) {
    return refuse(
      'test_package',
      'a package whose name ends in _test holds tests and never reaches a bundle',
      row,
    );
  }
  return { ok: true, package: { text, category: own, name, path: `behavry/${own}/${name}.rego` } };
}

/** Whether a text names a category of the full form. */
export function isCategory(text: string): text is PolicyCategory {
  return (POLICY_CATEGORIES as readonly string[]).includes(text);
}

/** Whether a folder or file of `policies/` holds tests and stays out of bundles (contract: OPA bundle serving). */
export function isTestPath(path: string): boolean {
  const parts = path.split('/');
  return parts.slice(0, -1).some((folder) => folder.includes('test')) || path.endsWith('_test.rego');
}

/** Whether an entry's name would be read by OPA as something else than a policy. */
export function isControlFile(path: string): boolean {
  return path.endsWith('.manifest') || path.endsWith('signatures.json');
}

interface Declaration {
  readonly text: string;
  readonly row: number;
}

function declarationIn(content: string): Declaration | undefined {
  const lines = content.split('\n');
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const text = DECLARATION.exec(line)?.[1];
    return text === undefined ? undefined : { text, row: index + 1 };
  }
  return undefined;
}

function refuse(code: PackageFaultCode, message: string, row: number): PackageResult {
  return { ok: false, fault: { code, message, row, col: 1 } };
}
