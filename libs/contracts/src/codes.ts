import type { Mode } from './modes';

/**
 * The closed list of REST error codes. `platform` maps each to a status and a title, exhaustively;
 * the same code is the log field and the metric label.
 */
export const ERROR_CODES = [
  'bad_request',
  'malformed_json',
  'unauthenticated',
  'invalid_credentials',
  'plan_required',
  'forbidden',
  'agent_suspended',
  'tenant_mismatch',
  'signup_disabled',
  'not_found',
  'route_not_in_mode',
  'no_bundle',
  'method_not_allowed',
  'conflict',
  'state_conflict',
  'package_conflict',
  'deployment_mismatch',
  'managed_by_control_plane',
  'agent_limit_reached',
  'precondition_failed',
  'payload_too_large',
  'unsupported_media_type',
  'validation_failed',
  'policy_invalid',
  'path_body_mismatch',
  'too_many_requests',
  'internal',
  'upstream_unavailable',
  'component_missing',
  'unavailable',
  'plane_not_ready',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * The closed list of reason codes of a verdict. One code is the audit field, the metric label, the
 * log field and what the agent is told.
 */
export const REASON_CODES = [
  'policy_allow',
  'policy_deny',
  'policy_escalate',
  'policy_restrict',
  'no_matching_rule',
  'protocol_pass',
  'opa_unreachable',
  'opa_timeout',
  'opa_undefined',
  'opa_malformed',
  'opa_error',
  'kill_switch',
  'agent_unknown',
  'agent_suspended',
  'session_revoked',
  'rate_limited',
  'concurrency_limited',
  'request_malformed',
  'request_too_large',
  'endpoint_unsupported',
  'model_denied',
  'budget_exceeded',
  'method_unknown',
  'server_unknown',
  'server_disabled',
  'blast_radius',
  'input_too_large',
  'policy_outdated',
  'obligation_unkept',
  'dlp_blocked',
  'dlp_inbound_blocked',
  'injection_blocked',
  'injection_inbound_blocked',
  'escalation_pending',
  'escalation_approved',
  'escalation_denied',
  'escalation_expired',
  'escalation_unavailable',
  'escalation_limit',
  'result_too_large',
  'read_only',
  'audit_unavailable',
  'state_stale',
  'upstream_error',
  'upstream_timeout',
  'client_aborted',
  'process_restarted',
  'record_set_aside',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

/**
 * JSON-RPC error codes that the product itself answers. They lie outside -32768…-32000, which the
 * JSON-RPC and MCP specifications reserve.
 */
export const JSON_RPC = {
  denied: -31403,
  pending: -31409,
  limited: -31429,
  unavailable: -31503,
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
} as const;

/** Verdicts of the product, strongest first (semantics: decisions and policy). */
export const VERDICTS = ['deny', 'escalate', 'restrict', 'allow'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What became of an exchange after its verdict. */
export const OUTCOMES = ['ok', 'upstream_error', 'refused', 'aborted', 'pending'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The narrower modes a `restrict` verdict may ask for; an unknown one is a malformed decision. */
export const OBLIGATIONS = [
  'redact_outbound',
  'redact_inbound',
  'max_result_bytes',
  'read_only',
  'extra_logging',
] as const;
export type ObligationName = (typeof OBLIGATIONS)[number];

/** Roles of people, weakest first; `super_admin` is a separate mark. */
export const ROLES = ['viewer', 'analyst', 'policy_author', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** @returns the roles that people may have in a mode: nobody authors policies on a data plane */
export function rolesOf(mode: Mode): readonly Role[] {
  return mode === 'data-plane' ? ROLES.filter((role) => role !== 'policy_author') : ROLES;
}

export const RISK_TIERS = ['low', 'medium', 'high', 'critical'] as const;
export type RiskTier = (typeof RISK_TIERS)[number];
/** A tier as policy sees it: `unknown` while nobody has told a score, which is not the same as a low one. */
export type SeenRiskTier = RiskTier | 'unknown';

export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];
