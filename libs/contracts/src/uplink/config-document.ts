import type { Severity } from '../codes';
import type { ModelSettings } from './model-settings';

/** Schema version of the config document; a data plane keeps its last good one when it sees a newer number. */
export const CONFIG_DOCUMENT_SCHEMA = 1;

export type KillScope = 'tenant' | 'agent' | 'mcp_server' | 'tool' | 'model';

export interface KillSwitch {
  readonly id: string;
  readonly scope: KillScope;
  /** Tenant id, agent id, server id, tool name (`server/tool` or bare tool), or model name. */
  readonly target: string;
  readonly reason: string;
}

export type AgentStatus = 'active' | 'suspended' | 'deprovisioned';

export interface AgentEntry {
  readonly id: string;
  readonly name: string;
  readonly agent_type: string;
  /** Who answers for it, as people named them; absent in documents of older control planes. */
  readonly owner?: string | null;
  readonly status: AgentStatus;
  readonly client_id: string;
  /** Hex SHA-256 of the client secret. */
  readonly secret_sha256: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** Tokens issued before are no longer good (a rotated secret ends what it opened); null for none. RFC 3339. */
  readonly tokens_not_before: string | null;
}

/** Header and environment values are references (`env:BEHAVRY_SECRET_…`, `file:<name>`) or plain non-secret text. */
export interface McpServerEntry {
  readonly id: string;
  readonly name: string;
  readonly transport: 'streamable-http' | 'stdio';
  readonly url: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly command: string | null;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly enabled: boolean;
}

export interface DlpPatternEntry {
  readonly id: string;
  readonly name: string;
  readonly pattern: string;
  readonly severity: Severity;
  readonly tags: readonly string[];
  readonly validator: 'luhn' | null;
  readonly enabled: boolean;
}

export interface BlastRadiusSettings {
  readonly min_delete_depth: number;
  readonly email_recipient_limit: number;
  readonly bulk_action_threshold: number;
  readonly config_paths: readonly string[];
  readonly protected_files: readonly string[];
}

/** Calls a minute and calls at once; null is unlimited, and never a default. */
export interface RateLimitSettings {
  readonly agent_per_minute: number | null;
  readonly tenant_per_minute: number | null;
  readonly agent_concurrency: number | null;
}

/** Escalation deadlines in seconds by risk tier. */
export interface EscalationSettings {
  readonly deadline_seconds: Readonly<Record<'low' | 'medium' | 'high' | 'critical', number>>;
}

/**
 * The second document of a data plane, always a compact JWS signed with the bundle key: what the
 * proxies need besides Rego (architecture: what reaches a data plane).
 */
export interface ConfigDocument {
  readonly schema: number;
  readonly tenant_id: string;
  /** `YYYYMMDDTHHMMSSZ`, strictly increasing per tenant. */
  readonly revision: string;
  /** Counts up by one per revision; an older one is refused. */
  readonly generation: number;
  /** The tenant is suspended: acts as a kill switch of the whole tenant, and ends tokens and sessions. */
  readonly suspended: boolean;
  readonly kill_switches: readonly KillSwitch[];
  readonly agents: readonly AgentEntry[];
  readonly mcp_servers: readonly McpServerEntry[];
  readonly dlp_patterns: readonly DlpPatternEntry[];
  readonly blast_radius: BlastRadiusSettings;
  readonly rate_limits: RateLimitSettings;
  readonly escalation: EscalationSettings;
  readonly data_protection: { readonly payload_mode: 'metadata_only'; readonly retention_days: number };
  /** Absent in documents that were made before there were such settings: the defaults hold. */
  readonly model_settings?: ModelSettings;
}
