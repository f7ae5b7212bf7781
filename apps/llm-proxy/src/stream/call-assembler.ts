import { canonicalJson, sha256HexOf } from '@behavry/domain';
import type { AnsweredCall, CallPiece } from '../dialects/dialect';
import { argumentsOf } from '../dialects/reading';
import { RetoldText } from './retold-text';

/** What every piece of a call must agree on. */
interface Told {
  readonly group: number;
  id: string | undefined;
  form: CallPiece['form'];
  name: string;
}

interface Assembly extends Told {
  readonly arguments: RetoldText;
  /** Texts in the arguments that were told by themselves, under their places. */
  readonly parts: Map<string, { readonly at: readonly (string | number)[]; readonly text: RetoldText }>;
}

/** What is kept of a decided call that may be told again. */
interface Decided extends Told {
  readonly digest: string;
}

const MAX_DECIDED = 128;

/** Puts streamed tool calls together; a call is whole when its group is finished. */
export class CallAssembler {
  readonly #calls = new Map<string, Assembly>();
  readonly #decided = new Map<string, Decided>();
  /** Which call has an id. */
  readonly #owners = new Map<string, string>();
  #wholeCalls = 0;

  /** Whether more calls are remembered than any answer has. */
  get isCrowded(): boolean {
    return this.#decided.size > MAX_DECIDED;
  }

  /** @returns false for a piece that makes the call another one than it began as, or was decided as */
  add(piece: CallPiece): boolean {
    const { group, index } = piece;
    const key = `${String(group)}/${index === undefined ? `whole/${String(this.#wholeCalls++)}` : String(index)}`;
    const decided = this.#decided.get(key);
    if (decided) return this.#isSameCall(decided, piece, key) && isRetold(decided, piece);
    let call = this.#calls.get(key);
    if (!call) this.#calls.set(key, (call = begun(group)));
    return this.#isSameCall(call, piece, key) && write(call, piece);
  }

  /** Whether a group has calls that are not decided. */
  isPending(group: number): boolean {
    for (const call of this.#calls.values()) if (call.group === group) return true;
    return false;
  }

  /**
   * @returns the calls that the agent is asked to make, of one group or of all; undefined when one of them was told in
   * two ways
   */
  whole(group?: number): readonly AnsweredCall[] | undefined {
    const calls: AnsweredCall[] = [];
    for (const {
      group: own,
      form,
      name,
      arguments: { text },
      parts,
    } of this.#calls.values()) {
      if ((group !== undefined && own !== group) || form === 'foreign') continue;
      const args = form === 'text' ? { input: text } : argumentsOf(text);
      for (const part of parts.values()) if (textAt(args, part.at) !== part.text.text) return undefined;
      calls.push({ name, arguments: args });
    }
    return calls;
  }

  /** The calls of one group, or of all, are decided: they may leave. */
  release(group?: number): void {
    for (const [key, { group: own, id, form, name, arguments: args }] of this.#calls) {
      if (group !== undefined && own !== group) continue;
      this.#calls.delete(key);
      // Who tells calls whole tells them again at the end.
      if (args.isWhole && form !== 'foreign')
        this.#decided.set(key, { group: own, id, form, name, digest: sha256HexOf(args.text) });
    }
  }

  /** Takes over what a piece tells of a call for the first time. */
  #isSameCall(call: Told, { id, form, name, isWhole }: CallPiece, key: string): boolean {
    // Readers differ in whether a second name replaces the first or goes on with it.
    if (name !== '' && call.name !== '' && !(isWhole && name === call.name)) return false;
    if (form !== undefined && call.form !== undefined && form !== call.form) return false;
    if (id !== undefined && ((call.id ?? id) !== id || (this.#owners.get(id) ?? key) !== key)) return false;
    if (id !== undefined) this.#owners.set(id, key);
    call.id ??= id;
    call.form ??= form;
    if (name !== '') call.name = name;
    return true;
  }
}

function begun(group: number): Assembly {
  const parts: Assembly['parts'] = new Map();
  return { group, id: undefined, form: undefined, name: '', arguments: new RetoldText(), parts };
}

function write(call: Assembly, { arguments: args, isWhole = false, at }: CallPiece): boolean {
  if (!at) return call.arguments.add(args, isWhole);
  const place = JSON.stringify(at);
  let part = call.parts.get(place);
  if (!part) call.parts.set(place, (part = { at, text: new RetoldText() }));
  return part.text.add(args, isWhole);
}

function isRetold({ digest }: Decided, { arguments: args, isWhole, at }: CallPiece): boolean {
  return isWhole === true && !at && sha256HexOf(args) === digest;
}

/** @returns what stands at a place of arguments, as a part of them tells it; undefined when nothing stands there */
function textAt(args: unknown, at: readonly (string | number)[]): string | undefined {
  let value = args;
  for (const key of at) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[key];
  }
  return typeof value === 'string' ? value : canonicalJson(value);
}
