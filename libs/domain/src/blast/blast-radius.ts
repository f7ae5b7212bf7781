import type { BlastRadiusSettings } from '@behavry/contracts';
import type { ActionClass } from '../normalise/normalise-action';
import { isUnder, pathComponents } from './paths';

/** Settings of a tenant that has none of its own (semantics: blast radius). */
export const BLAST_RADIUS_DEFAULTS: BlastRadiusSettings = {
  min_delete_depth: 3,
  email_recipient_limit: 10,
  bulk_action_threshold: 50,
  config_paths: ['/etc', '/root', '~/.ssh', '~/.aws', '~/.config'],
  protected_files: ['MEMORY', 'SOUL', 'IDENTITY', '.env'],
};

export interface BlastCall {
  readonly actionClass: ActionClass;
  readonly resource: string;
  readonly resourceCount: number;
  readonly arguments: unknown;
}

export type BlastRule =
  'shallow_delete' | 'many_recipients' | 'bulk_action' | 'config_write' | 'protected_file';

export interface BlastVerdict {
  readonly verdict: 'deny' | 'escalate';
  readonly rule: BlastRule;
  readonly reason: string;
}

const PATH_KEY =
  /(^|_)(path|paths|file|files|filename|filepath|dir|directory|folder|source|destination|target|uri)$/;
const RECIPIENT_KEYS = ['to', 'cc', 'bcc', 'recipients', 'emails', 'email'];

/**
 * How far a call would reach (semantics: blast radius). A shallow delete is denied and no rule can
 * allow it; the others ask for a person.
 * @returns the strongest finding, or undefined when the call stays within bounds
 */
export function judgeBlastRadius(call: BlastCall, settings: BlastRadiusSettings): BlastVerdict | undefined {
  const paths = pathsOf(call);
  if (call.actionClass === 'delete') {
    if (paths.some((path) => depthOf(path) < settings.min_delete_depth)) return denied();
  }
  const changes = call.actionClass === 'write' || call.actionClass === 'delete';
  if (
    changes &&
    paths.some((path) => settings.config_paths.some((folder) => isUnder(pathComponents(path), folder)))
  ) {
    return escalated('config_write', 'the call changes a configuration path');
  }
  if (changes && paths.some((path) => isProtected(path, settings.protected_files))) {
    return escalated('protected_file', 'the call changes a protected file');
  }
  const recipients = recipientsOf(call.arguments);
  if (recipients > settings.email_recipient_limit) {
    return escalated('many_recipients', `the call addresses ${String(recipients)} recipients`);
  }
  if (call.resourceCount > settings.bulk_action_threshold) {
    return escalated('bulk_action', `the call concerns ${String(call.resourceCount)} items`);
  }
  return undefined;
}

function denied(): BlastVerdict {
  return { verdict: 'deny', rule: 'shallow_delete', reason: 'the call deletes a path too close to the root' };
}

function escalated(rule: BlastRule, reason: string): BlastVerdict {
  return { verdict: 'escalate', rule, reason };
}

const ROOTED = /^\s*(file:|[/~\\.$]|[A-Za-z]:[/\\])/i;
const WEB_ADDRESS = /^\s*(?!file:)[a-z][a-z0-9+.-]+:\/\//i;

// A trailing wildcard means everything in the folder, so it adds no depth.
function depthOf(path: string): number {
  return pathComponents(path).filter((part) => !/^\*+$/.test(part)).length;
}

function isProtected(path: string, names: readonly string[]): boolean {
  const last = (pathComponents(path).at(-1) ?? '').toLowerCase();
  const stem = last.replace(/(?<=.)\.[^.]*$/, '');
  return names.some((name) => {
    const wanted = name.toLowerCase();
    return last === wanted || stem === wanted || (wanted.startsWith('.') && last.startsWith(`${wanted}.`));
  });
}

function pathsOf(call: BlastCall): readonly string[] {
  const found = new Set<string>();
  if (ROOTED.test(call.resource)) found.add(call.resource);
  if (typeof call.arguments === 'object' && call.arguments !== null) {
    for (const [key, value] of Object.entries(call.arguments)) {
      if (!PATH_KEY.test(key.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase())) continue;
      for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (typeof item === 'string' && !WEB_ADDRESS.test(item)) found.add(item);
      }
    }
  }
  return [...found];
}

function recipientsOf(args: unknown): number {
  if (typeof args !== 'object' || args === null) return 0;
  let count = 0;
  for (const [key, value] of Object.entries(args)) {
    if (!RECIPIENT_KEYS.includes(key.toLowerCase())) continue;
    if (Array.isArray(value)) count += value.length;
    else if (typeof value === 'string')
      count += value.split(/[,;]/).filter((part) => part.trim() !== '').length;
  }
  return count;
}
