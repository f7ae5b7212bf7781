import { isObject } from '@behavry/contracts';
import { parseStrictJson } from '@behavry/domain';

/** A tool call that a model asks its agent to make. */
export interface AnsweredCall {
  readonly name: string;
  /** Parsed when they are JSON, the text itself when they are not. */
  readonly arguments: unknown;
}

/** @returns the call's arguments as rules see them */
export function argumentsOf(text: string): unknown {
  if (text.trim() === '') return {};
  const parsed = parseStrictJson(text);
  return parsed.ok ? parsed.value : text;
}

/**
 * The tool calls of a whole answer.
 * @param answer body of a chat completion
 * @returns undefined when a call cannot be understood, and so cannot be decided
 */
export function toolCallsOf(answer: unknown): readonly AnsweredCall[] | undefined {
  const choices = isObject(answer) ? answer['choices'] : undefined;
  if (!Array.isArray(choices)) return undefined;
  const calls: AnsweredCall[] = [];
  for (const choice of choices as unknown[]) {
    if (!isObject(choice) || !isObject(choice['message'])) return undefined;
    const { tool_calls: listed, function_call: legacy } = choice['message'];
    const items: unknown[] = [];
    if (listed !== undefined && listed !== null) {
      if (!Array.isArray(listed)) return undefined;
      items.push(...(listed as unknown[]));
    }
    if (legacy !== undefined && legacy !== null) items.push({ type: 'function', function: legacy });
    for (const item of items) {
      const call = readCall(item);
      if (!call) return undefined;
      calls.push(call);
    }
  }
  return calls;
}

function readCall(item: unknown): AnsweredCall | undefined {
  if (!isObject(item)) return undefined;
  const { type, function: called, custom } = item;
  if (type === 'custom' && isObject(custom) && typeof custom['name'] === 'string') {
    return { name: custom['name'], arguments: { input: custom['input'] } };
  }
  // Some compatible servers leave the type out.
  if ((type === 'function' || type === undefined) && isObject(called) && typeof called['name'] === 'string') {
    const { arguments: args } = called;
    return { name: called['name'], arguments: typeof args === 'string' ? argumentsOf(args) : (args ?? {}) };
  }
  return undefined;
}
