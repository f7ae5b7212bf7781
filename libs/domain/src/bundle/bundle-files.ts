import { createHash } from 'node:crypto';
import { bundleJson, byCodePoint } from './bundle-json';
import { concernsOfText } from './concerns';
import { isControlFile, isTestPath, SIMPLE_CATEGORY } from './policy-package';
import type { BundleContent, BundleFile, ShippedModule, TenantPolicy } from './policy-module';
import { simpleAdapter } from './simple-adapter';
import { policyTable, tenantIndex, type IndexedPolicy } from './tenant-index';

/** Version of the way in which bundles are put together; part of the manifest. */
export const BUNDLE_BUILDER_VERSION = 3;

/** Shipped folders that hold the fold itself and are no policies. */
const MACHINERY: readonly string[] = ['authz', 'fold'];

/** What the manifest of a bundle says. */
export interface BundleStamp {
  readonly revision: string;
  /** Counts up by one per revision. */
  readonly generation: number;
  readonly digest: string;
  readonly policyCount: number;
}

/**
 * The files of a tenant's bundle without its manifest, sorted by path: shipped modules, the tenant's
 * policies, an adapter for each in the simple form, and the data that rules need. Pure: equal content
 * gives equal files.
 * @throws Error when two modules want the same place, or a file has a name that OPA reads otherwise
 */
export function bundleFiles({ shipped, policies, settings }: BundleContent): readonly BundleFile[] {
  const kept = shipped.filter(({ path }) => !isTestPath(path));
  const indexed = [...kept.filter(isPolicy).map(indexedShipped), ...policies.map(indexedOwn)];
  const data = { index: tenantIndex(indexed), policies: policyTable(indexed), settings };
  const files: BundleFile[] = [
    ...kept.map(({ path, content }) => ({ path: `behavry/${path}`, content })),
    ...policies.map(({ package: { path }, content }) => ({ path, content })),
    ...policies.filter(isSimple).map(simpleAdapter),
    { path: 'behavry/data.json', content: bundleJson(data) },
  ].sort((a, b) => byCodePoint(a.path, b.path));
  for (const [index, { path }] of files.entries()) {
    if (isControlFile(path)) throw new Error(`OPA would not read ${path} as a policy`);
    if (files[index + 1]?.path === path) throw new Error(`two modules want the place ${path}`);
  }
  return files;
}

/** @returns hex SHA-256 over paths and contents: what a revision stands for */
export function contentDigest(files: readonly BundleFile[]): string {
  const parts = files.map(
    ({ path, content }) => `${path}\0${createHash('sha256').update(content).digest('hex')}\n`,
  );
  return createHash('sha256').update(parts.join('')).digest('hex');
}

/** The `.manifest` of a bundle. Its root is `behavry` alone: without roots a bundle would own everything in OPA. */
export function bundleManifest(stamp: BundleStamp): BundleFile {
  const { revision, generation, digest, policyCount } = stamp;
  return {
    path: '.manifest',
    content: bundleJson({
      revision,
      roots: ['behavry'],
      rego_version: 1,
      metadata: { digest, generation, policies: policyCount, builder: BUNDLE_BUILDER_VERSION },
    }),
  };
}

function isPolicy({ path }: ShippedModule): boolean {
  return !MACHINERY.includes(path.split('/')[0] ?? '');
}

function indexedShipped({ path, content }: ShippedModule): IndexedPolicy {
  const [category = '', file = ''] = path.split('/');
  const name = file.replace(/\.rego$/, '');
  const text = `behavry.${category}.${name}`;
  return { category, name, concerns: concernsOfText(content), package: text, id: text, version: 0 };
}

function indexedOwn({ package: place, concerns, id, version }: TenantPolicy): IndexedPolicy {
  const { name, text } = place;
  const category = place.category === SIMPLE_CATEGORY ? 'simple' : place.category;
  return { category, name, concerns, package: text, id, version };
}

function isSimple(policy: TenantPolicy): boolean {
  return policy.package.category === SIMPLE_CATEGORY;
}
