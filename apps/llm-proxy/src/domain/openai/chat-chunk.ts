import { isObject } from '@behavry/contracts';

/** A piece of a text that a stream writes over many chunks. */
export interface TextPiece {
  /** Names the text: equal for all pieces of one text. */
  readonly channel: string;
  /** Where the piece stands in {@link ChunkParts.rest}: member names and list places from the top. */
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** A piece of a tool call; its name and arguments come over many chunks too. */
export interface CallPiece {
  readonly choice: number;
  /** Place of the call in the choice; -1 for the legacy single call. */
  readonly index: number;
  readonly type: string | undefined;
  readonly name: string;
  readonly arguments: string;
}

/** One chunk of a streamed chat completion, taken apart. */
export interface ChunkParts {
  /** The chunk with every piece of running text replaced by an empty one: what can be scanned by itself. */
  readonly rest: Record<string, unknown>;
  readonly pieces: readonly TextPiece[];
  readonly calls: readonly CallPiece[];
  /** Choices that are finished with this chunk. */
  readonly finished: readonly number[];
  /** Whether the chunk carries nothing but the token counts of the stream. */
  readonly isUsageOnly: boolean;
}

// Constant in every chunk, so not pieces of a running text.
const CONSTANTS = new Set(['role', 'id', 'type']);

/**
 * Takes a chunk apart.
 * @param value parsed `data` of an event
 * @returns undefined for what is no chunk of a chat completion
 */
export function readChunk(value: unknown): ChunkParts | undefined {
  if (!isObject(value) || !Array.isArray(value['choices']) || Object.hasOwn(value, 'error')) return undefined;
  const rest = structuredClone(value);
  const pieces: TextPiece[] = [];
  const calls: CallPiece[] = [];
  const finished: number[] = [];
  const choices = rest['choices'] as unknown[];
  for (const [place, choice] of choices.entries()) {
    // A whole message in a chunk would go around the deciding of its calls.
    if (!isObject(choice) || Object.hasOwn(choice, 'message')) return undefined;
    const { index, delta, finish_reason: reason } = choice;
    if (typeof index !== 'number' || !Number.isSafeInteger(index)) return undefined;
    if (isObject(delta)) {
      if (!readCalls(delta, index, calls)) return undefined;
      collect(delta, `/choices/${String(index)}/delta`, ['choices', place, 'delta'], pieces);
    } else if (delta !== undefined && delta !== null) {
      return undefined;
    }
    if (typeof reason === 'string') finished.push(index);
  }
  return { rest, pieces, calls, finished, isUsageOnly: choices.length === 0 && isObject(rest['usage']) };
}

function collect(
  holder: Record<string, unknown>,
  channel: string,
  path: readonly (string | number)[],
  pieces: TextPiece[],
): void {
  for (const [key, value] of Object.entries(holder)) {
    if (typeof value === 'string') {
      if (value === '' || CONSTANTS.has(key)) continue;
      pieces.push({ channel: `${channel}/${key}`, path: [...path, key], text: value });
      holder[key] = '';
    } else if (Array.isArray(value)) {
      for (const [place, item] of (value as unknown[]).entries()) {
        if (!isObject(item)) continue;
        // Items of a list are told apart by their own index, as tool calls are.
        const own = typeof item['index'] === 'number' ? item['index'] : place;
        collect(item, `${channel}/${key}/${String(own)}`, [...path, key, place], pieces);
      }
    } else if (isObject(value)) {
      collect(value, `${channel}/${key}`, [...path, key], pieces);
    }
  }
}

function readCalls(delta: Record<string, unknown>, choice: number, calls: CallPiece[]): boolean {
  const { tool_calls: listed, function_call: legacy } = delta;
  if (legacy !== undefined && legacy !== null) {
    if (!isObject(legacy)) return false;
    calls.push({
      choice,
      index: -1,
      type: 'function',
      name: textOf(legacy['name']),
      arguments: textOf(legacy['arguments']),
    });
  }
  if (listed === undefined || listed === null) return true;
  if (!Array.isArray(listed)) return false;
  for (const item of listed as unknown[]) {
    if (!isObject(item) || typeof item['index'] !== 'number') return false;
    const { index, type, function: called, custom } = item;
    const inner = isObject(called) ? called : isObject(custom) ? custom : {};
    calls.push({
      choice,
      index,
      type: typeof type === 'string' ? type : undefined,
      name: textOf(inner['name']),
      arguments: textOf(isObject(called) ? inner['arguments'] : inner['input']),
    });
  }
  return true;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
