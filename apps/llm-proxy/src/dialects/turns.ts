import { isObject } from '@behavry/contracts';
import type { TextPiece } from './dialect';

/** How the turns of a conversation are written, as far as an answer that waits for a person needs them. */
export interface Turns {
  /**
   * @param body of a request
   * @returns what it was before a last turn that is nothing but a text of the model's; undefined for any other
   */
  before(body: Members): Earlier | undefined;
  /** Whether a piece of a stream is part of what the model says aloud. */
  isSaid(piece: TextPiece): boolean;
  /**
   * Takes the calls of the agent out of a whole answer, in place, and gives it the ending that its provider has for what
   * was withheld.
   * @param why a sentence for the agent, where the dialect has a place for one
   * @returns the text that is left; empty where there is none, or several answers in one
   */
  withhold(answer: Record<string, unknown>, why: string): string;
}

/** A request as it was a turn ago. */
export interface Earlier {
  /** What the model has said since. */
  readonly said: string;
  /** The bodies that it may have had: some clients write the first turn in two ways. */
  readonly bodies: readonly Members[];
}

export type Members = Readonly<Record<string, unknown>>;

/**
 * @param member with the turns, oldest first
 * @param saidIn gives the text of a turn of the model's that is nothing else
 */
export function beforeLast(
  body: Members,
  member: string,
  saidIn: (turn: Members) => string | undefined,
): Earlier | undefined {
  const { [member]: turns } = body;
  const last: unknown = Array.isArray(turns) ? turns.at(-1) : undefined;
  const said = isObject(last) ? saidIn(last) : undefined;
  if (!Array.isArray(turns) || said === undefined || said === '') return undefined;
  return { said, bodies: [{ ...body, [member]: turns.slice(0, -1) as unknown[] }] };
}

/**
 * @param parts a text, or a list
 * @param textOf gives the text of a part: empty for what is not said aloud, undefined for what is no text
 * @returns all of them together; undefined when one is no text
 */
export function textOfParts(
  parts: unknown,
  textOf: (part: Members) => string | undefined,
): string | undefined {
  if (typeof parts === 'string') return parts;
  if (!Array.isArray(parts)) return undefined;
  const texts = (parts as unknown[]).map((part) => (isObject(part) ? textOf(part) : undefined));
  return texts.includes(undefined) ? undefined : texts.join('');
}
