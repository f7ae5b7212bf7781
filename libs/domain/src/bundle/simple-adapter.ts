import type { BundleFile, TenantPolicy } from './policy-module';

const KINDS = ['deny', 'escalate', 'allow'] as const;

/**
 * The module that lets a policy in the simple form (booleans in `behavry.authz.<name>`) take part in the
 * fold. Its references are static: a fold over all of `behavry.authz` would refer to itself.
 */
export function simpleAdapter(policy: TenantPolicy): BundleFile {
  const { name, text } = policy.package;
  const rules = KINDS.map((kind) =>
    [
      `${kind} contains {"policy": "${text}", "reason": "${text} says ${kind}"} if {`,
      `\tsaid := data.${text}.${kind}`,
      '\tsaid == true',
      '}',
    ].join('\n'),
  );
  return {
    path: `behavry/simple/${name}.rego`,
    content: `package behavry.simple.${name}\n\n${rules.join('\n\n')}\n`,
  };
}
