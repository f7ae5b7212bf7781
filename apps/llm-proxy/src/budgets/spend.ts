import type { Settlement } from '@behavry/pipeline';
import type { Chunk, Endpoint } from '../dialects/dialect';
import { isSuccess } from '../upstream/ask-provider';
import type { Sent } from '../upstream/provider-upstream';
import type { Heard } from './estimate';

/** What became of a call that has reserved something: whoever sends it says so. */
export class Spend {
  #answer: 'none' | 'unseen' | 'whole' | 'stream' = 'unseen';
  #characters = 0;

  /** @param header that the answer has; undefined where there is nothing to tell */
  constructor(
    private readonly toolName: Endpoint['toolName'],
    readonly header: string | undefined,
  ) {}

  /** Until it is called, all that was reserved counts as used. */
  heard(sent: Sent): void {
    switch (sent.kind) {
      case 'refused':
        this.#answer = 'none';
        break;
      case 'failed':
        // Who goes away before the answer has had the work done all the same.
        this.#answer = sent.fault === 'client_aborted' || sent.isUnread ? 'unseen' : 'none';
        break;
      case 'json':
        this.#answer = isSuccess(sent.status) ? 'whole' : 'none';
        // Vectors are long, and cost nothing by themselves.
        if (this.toolName !== 'embed') this.#characters = sent.bytes.length;
        break;
      case 'stream':
        this.#answer = 'stream';
    }
  }

  /** Takes note of what came of a stream. */
  note({ pieces, calls }: Chunk): void {
    for (const { text } of pieces) this.#characters += text.length;
    for (const { name, arguments: args } of calls) this.#characters += name.length + args.length;
  }

  /** @param settlement how the exchange ended */
  outcome(settlement: Settlement | null): Heard {
    if (this.#answer === 'none') return { kind: 'nothing' };
    if (this.#answer === 'unseen') return { kind: 'unseen' };
    const isComplete = this.#answer === 'whole' || settlement?.outcome === 'ok';
    const isBrokenOff = this.#answer === 'stream' && settlement?.error === 'client_aborted';
    return { kind: 'answer', characters: this.#characters, isComplete, isBrokenOff };
  }
}
