import type { BlastRadiusSettings } from '@behavry/contracts';
import type { ActionClass } from '../normalise/normalise-action';
import { argumentMembers } from '../normalise/argument-members';
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
  'shallow_delete' | 'many_paths' | 'many_recipients' | 'bulk_action' | 'config_write' | 'protected_file';

export interface BlastVerdict {
  readonly verdict: 'deny' | 'escalate';
  readonly rule: BlastRule;
  readonly reason: string;
}

/** Paths of one call that are looked at; a call with more is not looked at any further. */
const MAX_PATHS = 50;

const CHANGES: readonly ActionClass[] = ['write', 'delete', 'unknown'];
const RECIPIENT_KEYS = ['to', 'cc', 'bcc', 'recipients', 'emails', 'email'];

/**
 * How far a call would reach (semantics: blast radius). A shallow delete is denied and no rule can
 * allow it; the others ask for a person. A verb that says nothing counts as a writing one.
 * The Rego of `base/blast_radius` says the same, and a test holds both together.
 * @returns the strongest finding, or undefined when the call stays within bounds
 */
export function judgeBlastRadius(call: BlastCall, settings: BlastRadiusSettings): BlastVerdict | undefined {
  const { actionClass } = call;
  if (CHANGES.includes(actionClass)) {
    const found = judgePaths(pathsOf(call), actionClass === 'delete', settings);
    if (found) return found;
  }
  if (recipientsOf(call.arguments) > settings.email_recipient_limit) {
    return escalated('many_recipients', 'the call addresses more recipients than one call may');
  }
  if (call.resourceCount > settings.bulk_action_threshold) {
    return escalated('bulk_action', 'the call concerns more items than one call may');
  }
  return undefined;
}

/** Deletes are denied where others ask for a person: nobody can release a delete that may be a shallow one. */
function judgePaths(
  paths: ReadonlySet<string>,
  isDelete: boolean,
  settings: BlastRadiusSettings,
): BlastVerdict | undefined {
  if (paths.size > MAX_PATHS) {
    const reason = `the call names more than ${String(MAX_PATHS)} paths`;
    return { verdict: isDelete ? 'deny' : 'escalate', rule: 'many_paths', reason };
  }
  const resolved = [...paths].map(pathComponents);
  if (isDelete && resolved.some((parts) => depthOf(parts) < settings.min_delete_depth)) {
    return {
      verdict: 'deny',
      rule: 'shallow_delete',
      reason: 'the call deletes a path too close to the root',
    };
  }
  if (resolved.some((parts) => parts === undefined || isConfig(parts, settings))) {
    return escalated('config_write', 'the call changes a configuration path');
  }
  if (resolved.some((parts) => isProtected(parts?.at(-1) ?? '', settings.protected_files))) {
    return escalated('protected_file', 'the call changes a protected file');
  }
  return undefined;
}

function escalated(rule: BlastRule, reason: string): BlastVerdict {
  return { verdict: 'escalate', rule, reason };
}

// White space is named one by one, because JavaScript and Rego disagree about it.
const ROOTED = /^[\t-\r ]*(file:|[/~\\.$]|[a-z]:[/\\])/i;
const WEB_ADDRESS = /^[\t-\r ]*(?!file:)[a-z][a-z0-9+.-]+:\/\//i;
/** A name that says its value is a path: the word alone, after another one, or as the last hump of a camel-case name. */
const PATH_KEY =
  /(^|[^a-z0-9])(paths?|files?|file[^a-z0-9]?(name|path)|dir|directory|folder|source|destination|target|uri)$/;

/** A trailing wildcard means everything in the folder, so it adds no depth. */
function depthOf(parts: readonly string[] = []): number {
  return parts.filter((part) => !/^\*+$/.test(part)).length;
}

function isConfig(parts: readonly string[], { config_paths }: BlastRadiusSettings): boolean {
  return config_paths.some((folder) => isUnder(parts, folder));
}

function isProtected(name: string, names: readonly string[]): boolean {
  const last = name.toLowerCase();
  const stem = last.replace(/^(.+)\.[^.]*$/s, '$1');
  return names.some((protectedName) => {
    const wanted = protectedName.toLowerCase();
    return last === wanted || stem === wanted || (wanted.startsWith('.') && last.startsWith(`${wanted}.`));
  });
}

/** One more than is looked at is enough to know that there are too many. */
function pathsOf(call: BlastCall): ReadonlySet<string> {
  const found = new Set<string>();
  if (ROOTED.test(call.resource)) found.add(call.resource);
  for (const { name, value } of argumentMembers(call.arguments)) {
    if (typeof value !== 'string' || !isPathKey(name) || WEB_ADDRESS.test(value)) continue;
    if (found.add(value).size > MAX_PATHS) break;
  }
  return found;
}

function isPathKey(name: string): boolean {
  return PATH_KEY.test(name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase());
}

function recipientsOf(args: unknown): number {
  let count = 0;
  for (const { name, value, above } of argumentMembers(args)) {
    // A list counts once, by its length: what lies in it is not counted again.
    if (!isRecipientKey(name) || above.some(isRecipientKey)) continue;
    if (Array.isArray(value)) count += value.length;
    else if (typeof value === 'string') count += addressesIn(value);
  }
  return count;
}

function addressesIn(text: string): number {
  return text.split(/[,;]/).filter((part) => /[^\t-\r ]/.test(part)).length;
}

function isRecipientKey(name: string): boolean {
  return RECIPIENT_KEYS.includes(name.toLowerCase());
}
