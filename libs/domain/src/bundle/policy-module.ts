import type { BlastRadiusSettings } from '@behavry/contracts';
import type { Concerns } from './concerns';
import type { PolicyPackage } from './policy-package';

/** A module that we ship, as it lies under `policies/`. */
export interface ShippedModule {
  /** Path below `policies/`, for example `base/blast_radius.rego`. */
  readonly path: string;
  readonly content: string;
}

/** An active policy of a tenant, already checked. */
export interface TenantPolicy {
  /** Id and version in the control plane's own table; empty and 0 for a text that is not stored. */
  readonly id: string;
  readonly version: number;
  readonly package: PolicyPackage;
  readonly content: string;
  readonly concerns: Concerns;
}

/** All that a tenant's bundle is made of. */
export interface BundleContent {
  readonly shipped: readonly ShippedModule[];
  readonly policies: readonly TenantPolicy[];
  readonly settings: { readonly blast_radius: BlastRadiusSettings };
}

/** One file of a bundle. */
export interface BundleFile {
  /** Entry name without a leading slash. */
  readonly path: string;
  readonly content: string;
}
