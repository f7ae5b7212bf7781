import type { AnsweredCall, CallPiece } from '../dialects/dialect';
import { argumentsOf } from '../dialects/reading';

interface Assembly {
  readonly group: number;
  form: CallPiece['form'];
  name: string;
  arguments: string;
}

/** Puts streamed tool calls together; a call is whole when its group is finished. */
export class CallAssembler {
  readonly #calls = new Map<string, Assembly>();
  #wholeCalls = 0;

  /** @returns false for a piece that makes the call another one than it began as */
  add({ group, index, form, name, arguments: args }: CallPiece): boolean {
    const key = `${String(group)}/${index === undefined ? `whole/${String(this.#wholeCalls++)}` : String(index)}`;
    let call = this.#calls.get(key);
    if (!call) this.#calls.set(key, (call = { group, form: undefined, name: '', arguments: '' }));
    // Readers differ in whether a second name replaces the first or goes on with it.
    if (name !== '' && call.name !== '') return false;
    if (form !== undefined && call.form !== undefined && form !== call.form) return false;
    call.form ??= form;
    if (name !== '') call.name = name;
    call.arguments += args;
    return true;
  }

  /** Whether a group has calls that are not decided. */
  isPending(group: number): boolean {
    for (const call of this.#calls.values()) if (call.group === group) return true;
    return false;
  }

  /** @returns the calls that the agent is asked to make, of one group or of all */
  whole(group?: number): readonly AnsweredCall[] {
    const calls: AnsweredCall[] = [];
    for (const { group: own, form, name, arguments: text } of this.#calls.values()) {
      if ((group !== undefined && own !== group) || form === 'foreign') continue;
      calls.push({ name, arguments: form === 'text' ? { input: text } : argumentsOf(text) });
    }
    return calls;
  }

  /** The calls of one group, or of all, are decided: they may leave. */
  release(group?: number): void {
    for (const [key, call] of this.#calls) {
      if (group === undefined || call.group === group) this.#calls.delete(key);
    }
  }
}
