import { argumentMembers } from './argument-members';

/** What a call does, in the words that rules use (semantics: decisions and policy). */
export type ActionClass = 'read' | 'write' | 'delete' | 'execute' | 'send' | 'unknown';

export interface NormalisedCall {
  /** Lower-case verb of the tool name. */
  readonly action: string;
  readonly actionClass: ActionClass;
  /** What the call is about; empty when its arguments do not say. */
  readonly resource: string;
  /** Size of the largest list in the arguments, at least 1. */
  readonly resourceCount: number;
}

const VERBS: Readonly<Record<Exclude<ActionClass, 'unknown'>, readonly string[]>> = {
  read: [
    'read',
    'get',
    'list',
    'search',
    'find',
    'fetch',
    'query',
    'show',
    'view',
    'describe',
    'lookup',
    'count',
    'check',
    'browse',
    'download',
    'head',
    'stat',
    'select',
    'scan',
    'echo',
    'print',
    'explain',
    'complete',
  ],
  write: [
    'write',
    'create',
    'update',
    'edit',
    'set',
    'put',
    'add',
    'insert',
    'append',
    'modify',
    'patch',
    'save',
    'upload',
    'rename',
    'move',
    'copy',
    'merge',
    'commit',
    'push',
    'toggle',
    'replace',
    'upsert',
    'make',
  ],
  delete: [
    'delete',
    'remove',
    'drop',
    'destroy',
    'purge',
    'erase',
    'truncate',
    'unlink',
    'wipe',
    'rm',
    'clear',
  ],
  execute: [
    'execute',
    'exec',
    'run',
    'invoke',
    'call',
    'start',
    'trigger',
    'eval',
    'deploy',
    'launch',
    'spawn',
    'sample',
  ],
  send: [
    'send',
    'post',
    'publish',
    'email',
    'notify',
    'reply',
    'forward',
    'share',
    'message',
    'broadcast',
    'elicit',
  ],
};

const CLASS_OF = new Map<string, ActionClass>(
  Object.entries(VERBS).flatMap(([actionClass, verbs]) =>
    verbs.map((verb): [string, ActionClass] => [verb, actionClass as ActionClass]),
  ),
);

/** Argument names that say what a call is about, most telling first. */
export const RESOURCE_KEYS = [
  'path',
  'file',
  'url',
  'query',
  'resource',
  'repo',
  'channel',
  'database',
  'table',
  'collection',
  'bucket',
  'org',
  'command',
] as const;

const BY_DANGER: readonly ActionClass[] = ['delete', 'execute', 'send', 'write', 'read'];

const VERB_END = /[_\-/]|(?<=[a-z0-9])(?=[A-Z])/;

/** @returns the verb before the first `_`, `-`, `/` or camel-case hump, in lower case */
export function verbOf(toolName: string): string {
  return (toolName.split(VERB_END, 1)[0] ?? '').toLowerCase();
}

/** @returns the class of a verb; `unknown` for one that says nothing */
export function actionClassOf(verb: string): ActionClass {
  return CLASS_OF.get(verb) ?? 'unknown';
}

/** @returns the text of the first telling argument, or an empty text */
export function resourceOf(args: unknown): string {
  const key = resourceKeyOf(args);
  return key === undefined ? '' : String(firstOf(args, key));
}

/** @returns the name of the first telling argument, or undefined when none says anything */
export function resourceKeyOf(args: unknown): (typeof RESOURCE_KEYS)[number] | undefined {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return undefined;
  return RESOURCE_KEYS.find((key) => {
    const first = Object.hasOwn(args, key) ? firstOf(args, key) : undefined;
    return typeof first === 'number' || (typeof first === 'string' && first !== '');
  });
}

function firstOf(args: unknown, key: string): unknown {
  const value = (args as Readonly<Record<string, unknown>>)[key];
  return Array.isArray(value) ? value[0] : value;
}

/**
 * The class of a tool: a word that deletes counts wherever it stands (`fs_delete_file`), else the verb in front
 * (`get_commit` reads), else the most dangerous word of the name (`github_create_issue` writes).
 * @returns `unknown` when no word says anything
 */
export function toolClassOf(toolName: string): ActionClass {
  const classes = toolName.split(VERB_END).map((word) => actionClassOf(word.toLowerCase()));
  const [first = 'unknown'] = classes;
  if (first !== 'unknown' && !classes.includes('delete')) return first;
  return BY_DANGER.find((actionClass) => classes.includes(actionClass)) ?? 'unknown';
}

/** Verb, class, resource and size of a call. */
export function normaliseCall(toolName: string, args: unknown): NormalisedCall {
  return {
    action: verbOf(toolName),
    actionClass: toolClassOf(toolName),
    resource: resourceOf(args),
    resourceCount: largestList(args),
  };
}

function largestList(args: unknown): number {
  let largest = Array.isArray(args) ? args.length : 1;
  for (const { value } of argumentMembers(args)) {
    if (Array.isArray(value)) largest = Math.max(largest, value.length);
  }
  return Math.max(1, largest);
}
