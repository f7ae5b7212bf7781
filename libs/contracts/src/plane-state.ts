import { APP_NAMES, type AppName } from './apps';
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
  /** The session that goes on in spite of `tokens_not_before`: the one in which the password was changed. */
  readonly kept_session?: string;
}

/** A key of a person's programs, as the plane's apps look it up by the SHA-256 (hex) of its text. */
export interface LiveApiKey {
  readonly id: string;
  readonly person_id: string;
  readonly tenant_id: string;
  readonly username: string;
  /** The strongest role that it may have; never more than its person has now. */
  readonly role: Role;
  /** RFC 3339. */
  readonly expires_at: string;
}

/** Who may act now, and by what. */
export interface PeopleState {
  /** By id. Who is not in it may do nothing: disabled, removed, or of a suspended tenant. */
  readonly people: Readonly<Record<string, LivePerson>>;
  /** Sessions that were ended, until the last token of each has expired (RFC 3339). */
  readonly ended_sessions?: Readonly<Record<string, string>>;
  /** By SHA-256 (hex). */
  readonly api_keys?: Readonly<Record<string, LiveApiKey>>;
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

/** Where a replica of mcp-proxy takes requests of its sessions that came to another one. */
export interface ProxyReplica {
  /** Base URL of its ops port. */
  readonly ops_url: string;
  /** When it said last that it lives (RFC 3339). */
  readonly at: string;
}

/** An answer of a model that waits for a person, by its name in the plane's memory. */
export interface KeptEntry {
  readonly agent_id: string;
  /** RFC 3339. */
  readonly until: string;
}

/** The values that move inside a plane, each written by one app (lifecycle: plane state). */
export interface PlaneStateValues {
  config: ConfigDocument;
  license: LicenseState;
  issuers: { readonly issuers: readonly TrustedIssuer[] };
  /** `at`: when it was told (RFC 3339). Told anew at least every 30 s, so that a silent monitor shows. */
  risk: { readonly at: string; readonly agents: Readonly<Record<string, RiskScore>> };
  people: PeopleState;
  'sessions.ended': { readonly sessions: Readonly<Record<string, string>> };
  /** By replica id. Each replica writes its own entry and removes those of replicas that went silent. */
  'mcp.replicas': { readonly replicas: Readonly<Record<string, ProxyReplica>> };
  /** So that only those proxies look for a kept answer whose agent has one. */
  'llm.kept': { readonly answers: Readonly<Record<string, KeptEntry>> };
}
export type PlaneStateKey = keyof PlaneStateValues;

/** Who may write a value. Its signature is made and checked with a key of this app. */
export const PLANE_STATE_OWNERS = {
  config: 'license-service',
  license: 'license-service',
  issuers: 'identity-jwks',
  people: 'identity-jwks',
  risk: 'behavior-monitor',
  'sessions.ended': 'audit-writer',
  'mcp.replicas': 'mcp-proxy',
  'llm.kept': 'llm-proxy',
} as const satisfies Record<PlaneStateKey, AppName>;

/** What apps of a plane call out to each other: heard by those who listen now, kept by nobody. */
export interface PlaneSignals {
  /** An unknown agent came: the owner of `config` looks for a newer document. */
  'config.wanted': null;
  /** A token named an unknown key: the owner of `issuers` fetches foreign keys. */
  'issuers.wanted': null;
  /** Per spool the last position that is durably stored, of those that moved: a proxy may trim its spool. */
  'audit.positions': { readonly spools: Readonly<Record<string, number>> };
}
export type PlaneSignal = keyof PlaneSignals;

/** Who may send a signal; listeners hear nobody else. */
export const PLANE_SIGNAL_SENDERS: Readonly<Record<PlaneSignal, readonly AppName[]>> = {
  'config.wanted': ['identity-jwks', 'mcp-proxy', 'llm-proxy'],
  'issuers.wanted': APP_NAMES,
  'audit.positions': ['audit-writer'],
};
