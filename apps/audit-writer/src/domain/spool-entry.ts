import {
  isObject,
  OUTCOMES,
  VERDICTS,
  type DecisionEntry,
  type Finding,
  type OutcomeEntry,
  type SpoolEntry,
} from '@behavry/contracts';
import { storableJson } from '@behavry/domain';

export type ReadEntry =
  { readonly ok: true; readonly entry: SpoolEntry } | { readonly ok: false; readonly reason: string };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const KINDS: readonly unknown[] = ['mcp', 'llm', 'browser', 'admin'];
const DLP_ACTIONS: readonly unknown[] = ['none', 'logged', 'blocked', 'redacted'];
/** Identifiers are indexed, and an index entry has a largest size. */
const MAX_ID_LENGTH = 512;
const INT32 = 2 ** 31;

class EntryFault extends Error {}

/**
 * Narrows what came out of a spool to an entry that can become a row: exactly the known members, in
 * texts that the database can keep. Agents choose many of these texts, so none of them may stop the rest.
 */
export function readSpoolEntry(value: unknown): ReadEntry {
  try {
    const clean = storableJson(value);
    if (!isObject(clean)) throw new EntryFault('not an object');
    if (clean['type'] === 'decision') return { ok: true, entry: readDecision(clean) };
    if (clean['type'] === 'outcome') return { ok: true, entry: readOutcome(clean) };
    throw new EntryFault('neither a decision nor an outcome');
  } catch (error) {
    if (error instanceof EntryFault) return { ok: false, reason: error.message };
    throw error;
  }
}

function readDecision(value: Record<string, unknown>): DecisionEntry {
  const text = (name: string): string => readText(value, name);
  const textOrNull = (name: string): string | null => (value[name] === null ? null : readText(value, name));
  const idOrNull = (name: string): string | null => (value[name] === null ? null : readId(value, name));
  return {
    type: 'decision',
    id: readUuid(value, 'id'),
    tenant_id: readUuid(value, 'tenant_id'),
    ts: readTime(value),
    kind: readOneOf(value, 'kind', KINDS) as DecisionEntry['kind'],
    agent_id: idOrNull('agent_id'),
    session_id: idOrNull('session_id'),
    requester_id: idOrNull('requester_id'),
    workflow_id: idOrNull('workflow_id'),
    action: text('action'),
    tool: textOrNull('tool'),
    server: textOrNull('server'),
    model: textOrNull('model'),
    target: textOrNull('target'),
    verdict: readOneOf(value, 'verdict', VERDICTS) as DecisionEntry['verdict'],
    policy: textOrNull('policy'),
    reason: text('reason'),
    reason_code: text('reason_code') as DecisionEntry['reason_code'],
    bundle_revision: textOrNull('bundle_revision'),
    config_revision: textOrNull('config_revision'),
    engine: textOrNull('engine'),
    risk_score: readNumber(value, 'risk_score'),
    dlp_findings: readFindings(value, 'dlp_findings'),
    dlp_action: readOneOf(value, 'dlp_action', DLP_ACTIONS) as DecisionEntry['dlp_action'],
    injection_findings: readFindings(value, 'injection_findings'),
    input_hash: textOrNull('input_hash'),
    extra: readExtra(value),
  };
}

function readOutcome(value: Record<string, unknown>): OutcomeEntry {
  const code = value['response_code'];
  if (code !== null && !(Number.isInteger(code) && Math.abs(code as number) < INT32)) {
    throw new EntryFault('response_code is not a 32-bit integer');
  }
  return {
    type: 'outcome',
    id: readUuid(value, 'id'),
    ts: readTime(value),
    outcome: readOneOf(value, 'outcome', OUTCOMES) as OutcomeEntry['outcome'],
    response_code: code as number | null,
    latency_ms: readNumber(value, 'latency_ms'),
    error: value['error'] === null ? null : (readText(value, 'error') as OutcomeEntry['error']),
    dlp_findings: readFindings(value, 'dlp_findings'),
    dlp_action: readOneOf(value, 'dlp_action', DLP_ACTIONS) as OutcomeEntry['dlp_action'],
    extra: readExtra(value),
  };
}

function readText(value: Record<string, unknown>, name: string): string {
  const member = value[name];
  if (typeof member !== 'string') throw new EntryFault(`${name} is not a text`);
  return member;
}

function readId(value: Record<string, unknown>, name: string): string {
  const text = readText(value, name);
  if (text.length > MAX_ID_LENGTH) throw new EntryFault(`${name} is too long`);
  return text;
}

function readUuid(value: Record<string, unknown>, name: string): string {
  const text = readText(value, name).toLowerCase();
  if (!UUID.test(text)) throw new EntryFault(`${name} is not a UUID`);
  return text;
}

function readTime(value: Record<string, unknown>): string {
  const text = readText(value, 'ts');
  if (!TIME.test(text) || Number.isNaN(Date.parse(text))) throw new EntryFault('ts is not a time in UTC');
  return text;
}

function readNumber(value: Record<string, unknown>, name: string): number {
  const member = value[name];
  if (typeof member !== 'number' || !Number.isFinite(member)) throw new EntryFault(`${name} is not a number`);
  return member;
}

function readOneOf(value: Record<string, unknown>, name: string, allowed: readonly unknown[]): unknown {
  if (!allowed.includes(value[name])) throw new EntryFault(`${name} is not one of its values`);
  return value[name];
}

function readFindings(value: Record<string, unknown>, name: string): readonly Finding[] {
  const member = value[name];
  if (!Array.isArray(member) || !member.every(isObject))
    throw new EntryFault(`${name} is not a list of findings`);
  return member as unknown as readonly Finding[];
}

function readExtra(value: Record<string, unknown>): Readonly<Record<string, unknown>> {
  if (!isObject(value['extra'])) throw new EntryFault('extra is not an object');
  return value['extra'];
}
