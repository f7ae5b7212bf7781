import type { RiskTier, Role } from './codes';
import type { ConfigDocument } from './uplink/config-document';

/** A public RSA key as in the contract's key set. */
export interface PublicJwk {
  readonly kty: 'RSA';
  readonly use: 'sig';
  readonly alg: 'RS256';
  readonly kid: string;
  readonly n: string;
  readonly e: string;
}

/** One trusted issuer: who may be spoken for with its keys. */
export interface TrustedIssuer {
  readonly iss: string;
  readonly keys: readonly PublicJwk[];
  /** `behavry:agent`, `behavry:person`, or both. */
  readonly audiences: readonly string[];
}

export interface RiskScore {
  readonly score: number;
  readonly tier: RiskTier;
}

export type LicenseMode = 'unchecked' | 'active' | 'expiring' | 'grace' | 'enforced';

/** A person whose tokens are good, as the plane's apps look at them with every request. */
export interface LivePerson {
  readonly roles: readonly Role[];
  readonly super_admin: boolean;
  /** Tokens issued before are no longer good (a new password ends what the old one opened); null for none. RFC 3339. */
  readonly tokens_not_before: string | null;
}

/** Licence state of this plane as its apps see it. */
export interface LicenseState {
  readonly state: LicenseMode;
  readonly plan_tier: string | null;
  readonly expires_at: string | null;
  /** -1 is unlimited; null when never told. */
  readonly max_agents: number | null;
  readonly checked_at: string | null;
  readonly first_failure_at: string | null;
  readonly reason: string | null;
}

/**
 * The values that move inside a plane, each with one owner (lifecycle: plane state).
 * `config`, `license`: license-service · `issuers`, `people`: identity-jwks · `risk`: behavior-monitor ·
 * `sessions.ended`, `audit.positions`: audit-writer.
 */
export interface PlaneStateValues {
  config: ConfigDocument;
  license: LicenseState;
  issuers: { readonly issuers: readonly TrustedIssuer[] };
  /** By id. Who is not in it may do nothing: disabled, removed, or of a suspended tenant. */
  people: { readonly people: Readonly<Record<string, LivePerson>> };
  risk: { readonly agents: Readonly<Record<string, RiskScore>> };
  'sessions.ended': { readonly sessions: Readonly<Record<string, string>> };
  /** Last position durably stored per spool: the acknowledgement that lets a proxy trim its spool. */
  'audit.positions': { readonly spools: Readonly<Record<string, number>> };
  /** Asks the owner of `config` to look for a newer document now (an unknown agent came). */
  'config.wanted': { readonly at: string };
  /** Asks the owner of `issuers` to fetch foreign keys now (a token named an unknown key). */
  'issuers.wanted': { readonly at: string };
}
export type PlaneStateKey = keyof PlaneStateValues;

/** Keys that change with the traffic itself: a process follows them only while it watches them. */
export const FREQUENT_PLANE_STATE_KEYS: ReadonlySet<string> = new Set<PlaneStateKey>(['audit.positions']);
