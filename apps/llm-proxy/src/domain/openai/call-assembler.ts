import type { CallPiece } from './chat-chunk';
import { argumentsOf, type AnsweredCall } from './tool-call';

interface Assembly {
  readonly choice: number;
  type: string;
  name: string;
  arguments: string;
}

/** Puts streamed tool calls together; a call is whole when its choice is finished. */
export class CallAssembler {
  readonly #calls = new Map<string, Assembly>();
  readonly #closed = new Set<number>();

  /** @returns false for a piece that no call can have, or that comes after its choice was decided */
  add(piece: CallPiece): boolean {
    if (this.#closed.has(piece.choice)) return false;
    const key = `${String(piece.choice)}/${String(piece.index)}`;
    let call = this.#calls.get(key);
    if (!call)
      this.#calls.set(key, (call = { choice: piece.choice, type: 'function', name: '', arguments: '' }));
    if (piece.type !== undefined) call.type = piece.type;
    call.name += piece.name;
    call.arguments += piece.arguments;
    return call.type === 'function' || call.type === 'custom';
  }

  /** Whether a choice has calls that are not decided. */
  isPending(choice: number): boolean {
    return [...this.#calls.values()].some((call) => call.choice === choice);
  }

  /** @returns the calls of one choice, or of all */
  whole(choice?: number): readonly AnsweredCall[] {
    return [...this.#calls.values()]
      .filter((call) => choice === undefined || call.choice === choice)
      .map(({ type, name, arguments: text }) => ({
        name,
        arguments: type === 'custom' ? { input: text } : argumentsOf(text),
      }));
  }

  /** The calls of one choice, or of all, are decided: they may leave, and no more may come. */
  close(choice?: number): void {
    for (const [key, call] of this.#calls) {
      if (choice !== undefined && call.choice !== choice) continue;
      this.#calls.delete(key);
      this.#closed.add(call.choice);
    }
  }
}
