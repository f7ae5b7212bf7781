import { normaliseCall, type ActionClass } from '@behavry/domain';

/** What an exchange asks for, in words that rules, people and audit rows share. */
export interface Call {
  /** `decide`: policy speaks · `pass`: protocol traffic, recorded · `silent`: protocol traffic that leaves no row. */
  readonly handling: 'decide' | 'pass' | 'silent';
  readonly toolName: string;
  readonly action: string;
  readonly actionClass: ActionClass;
  /** What it is about; empty when unknown. */
  readonly resource: string;
  readonly resourceCount: number;
  /** What is scanned, judged and digested: everything of the caller's that reaches the upstream. */
  readonly arguments: unknown;
}

/** @returns a call of a tool, with verb, class and resource taken from its name and arguments */
export function toolCall(toolName: string, args: unknown): Call {
  return { handling: 'decide', toolName, arguments: args, ...normaliseCall(toolName, args) };
}

/** @returns protocol traffic that policy need not judge */
export function protocolCall(method: string, action: string, handling: 'pass' | 'silent'): Call {
  return {
    handling,
    toolName: method,
    action,
    actionClass: 'read',
    resource: '',
    resourceCount: 1,
    arguments: null,
  };
}
