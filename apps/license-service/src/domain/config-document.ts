import { createPublicKey, verify } from 'node:crypto';
import {
  CONFIG_DOCUMENT_SCHEMA,
  isObject,
  readJws,
  type ConfigDocument,
  type PublicJwk,
} from '@behavry/contracts';

export const CONFIG_TYPE = 'behavry-config+jws';

export type DocumentFault =
  'malformed' | 'unknown_key' | 'bad_signature' | 'other_tenant' | 'newer_schema' | 'older_generation';

export type DocumentResult =
  | { readonly ok: true; readonly document: ConfigDocument }
  | { readonly ok: false; readonly fault: DocumentFault };

export interface DocumentExpectation {
  readonly keys: readonly PublicJwk[];
  readonly tenantId: string;
  /** The newest generation seen so far; an older one is refused. */
  readonly generation: number;
}

const LISTS = ['kill_switches', 'agents', 'mcp_servers', 'dlp_patterns'] as const;
const OBJECTS = ['blast_radius', 'rate_limits', 'escalation', 'data_protection'] as const;

/**
 * Checks a config document: a compact JWS (RFC 7515) of a pinned bundle key, for this tenant, of a schema
 * that is known here, not older than what was seen before (lifecycle: data plane).
 */
export function checkDocument(compact: string, expected: DocumentExpectation): DocumentResult {
  const jws = readJws(compact.trim());
  if (jws?.header['typ'] !== CONFIG_TYPE) return { ok: false, fault: 'malformed' };
  const jwk = expected.keys.find(({ kid }) => kid === jws.header['kid']);
  if (!jwk) return { ok: false, fault: 'unknown_key' };
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  if (!verify('sha256', jws.signed, key, jws.signature)) return { ok: false, fault: 'bad_signature' };
  const payload = jws.payload();
  if (!payload) return { ok: false, fault: 'malformed' };
  return checkContent(payload, expected);
}

function checkContent(
  payload: Readonly<Record<string, unknown>>,
  expected: DocumentExpectation,
): DocumentResult {
  const { schema, tenant_id: tenantId, generation, revision } = payload;
  if (!Number.isSafeInteger(schema) || !Number.isSafeInteger(generation) || typeof revision !== 'string') {
    return { ok: false, fault: 'malformed' };
  }
  if (tenantId !== expected.tenantId) return { ok: false, fault: 'other_tenant' };
  if ((schema as number) > CONFIG_DOCUMENT_SCHEMA) return { ok: false, fault: 'newer_schema' };
  if ((generation as number) < expected.generation) return { ok: false, fault: 'older_generation' };
  const isWhole =
    LISTS.every((name) => Array.isArray(payload[name])) &&
    OBJECTS.every((name) => isObject(payload[name])) &&
    isModelSettings(payload['model_settings']);
  return isWhole
    ? { ok: true, document: payload as unknown as ConfigDocument }
    : { ok: false, fault: 'malformed' };
}

/** Documents from before there were such settings have none. */
function isModelSettings(settings: unknown): boolean {
  if (settings === undefined) return true;
  if (!isObject(settings) || !isObject(settings['models'])) return false;
  const { models, providers, prices, budgets } = settings;
  return [models['allow'], models['deny'], providers, prices, budgets].every(Array.isArray);
}

/**
 * The document as an enforced licence lets it through: everything but agents that are new. Policy, kill
 * switches and suspensions stay as they are, so protection never gets weaker.
 */
export function withoutNewAgents(document: ConfigDocument, known: ReadonlySet<string>): ConfigDocument {
  return { ...document, agents: document.agents.filter(({ id }) => known.has(id)) };
}
