import type { Policy, PolicyVersion } from '@behavry/db-control';
import { etagOf } from '@behavry/platform';
import type { PolicySummaryView, PolicyVersionView, PolicyView } from './policy.dto';

export function policySummary(policy: Policy): PolicySummaryView {
  return {
    id: policy.id,
    name: policy.name,
    description: policy.description,
    category: policy.category,
    package: policy.package,
    status: policy.status,
    version: policy.version,
    active_version: policy.activeVersion,
    etag: etagOf(policy.version),
    created_at: policy.createdAt.toISOString(),
    updated_at: policy.updatedAt.toISOString(),
  };
}

/** @param newest the version that `policy.version` names */
export function policyView(policy: Policy, newest: PolicyVersion): PolicyView {
  return { ...policySummary(policy), content: newest.content, tests: newest.tests };
}

export function versionView(version: PolicyVersion): PolicyVersionView {
  return {
    version: version.version,
    name: version.name,
    description: version.description,
    category: version.category,
    package: version.package,
    content: version.content,
    tests: version.tests,
    created_by: version.createdByName,
    created_at: version.createdAt.toISOString(),
  };
}
