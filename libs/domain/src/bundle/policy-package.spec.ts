import { isTestPath, MAX_POLICY_BYTES, packageOf } from './policy-package';

const faultOf = (content: string, category = 'base'): string => {
  const result = packageOf(content, category);
  return result.ok ? result.package.path : `${result.fault.code}@${String(result.fault.row)}`;
};

describe('the place of a policy', () => {
  it.each([
    ['package behavry.base.x', 'base', 'behavry/base/x.rego'],
    [
      '# a comment\n\n  package behavry.inbound.Some_2 # more\nallow contains 1',
      'inbound',
      'behavry/inbound/Some_2.rego',
    ],
    ['package behavry.requester.x', 'requester', 'behavry/requester/x.rego'],
    ['package behavry.delegation.x', 'delegation', 'behavry/delegation/x.rego'],
    ['package behavry.workflows.x', 'workflows', 'behavry/workflows/x.rego'],
    ['package behavry.discovery.x', 'discovery', 'behavry/discovery/x.rego'],
    ['package behavry.generated.x', 'generated', 'behavry/generated/x.rego'],
    ['package behavry.authz.mine\r\nallow := true', 'authz', 'behavry/authz/mine.rego'],
    ['package behavry.authz.mine', 'base', 'behavry/authz/mine.rego'],
    ['package behavry.base.testament', 'base', 'behavry/base/testament.rego'],
  ])('%j of category %s lies at %s', (content, category, path) => {
    expect(faultOf(content, category)).toBe(path);
  });

  it.each([
    ['', 'base', 'package_missing@1'],
    ['import rego.v1\npackage behavry.base.x', 'base', 'package_missing@1'],
    ['package system.log', 'base', 'package_invalid@1'],
    ['# x\npackage behavry', 'base', 'package_invalid@2'],
    ['package behavry.base', 'base', 'package_invalid@1'],
    ['package behavry.authz', 'authz', 'package_invalid@1'],
    ['package behavry.base.x.y', 'base', 'package_invalid@1'],
    ['package behavry.base["zz.manifest"]', 'base', 'package_invalid@1'],
    ['package behavry.base["../x"]', 'base', 'package_invalid@1'],
    ['package behavry.fold.x', 'fold', 'category_unknown@1'],
    ['package behavry.fold.x', 'base', 'category_mismatch@1'],
    ['package behavry.inbound.x', 'base', 'category_mismatch@1'],
    ['package behavry.base.x', 'test', 'category_unknown@1'],
    ['package behavry.authz.decision', 'authz', 'name_reserved@1'],
    ['package behavry.authz.revision', 'authz', 'name_reserved@1'],
    ['package behavry.base.x_test', 'base', 'test_package@1'],
    [`package behavry.base.x\n#${'x'.repeat(MAX_POLICY_BYTES)}`, 'base', 'policy_too_large@1'],
  ])('%j of category %s is refused: %s', (content, category, fault) => {
    expect(faultOf(content, category)).toBe(fault);
  });

  it('knows test folders and files', () => {
    expect(['test/x.rego', 'base/tests/x.rego', 'base/x_test.rego'].every(isTestPath)).toBe(true);
    expect(['base/x.rego', 'base/testament.rego'].some(isTestPath)).toBe(false);
  });
});
