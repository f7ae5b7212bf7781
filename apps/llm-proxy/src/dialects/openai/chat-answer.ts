import { isObject } from '@behavry/contracts';
import type { AnsweredCall, ModelAnswer, Reference, ToldTokens } from '../dialect';
import { argumentsOf, countOf, isAbsent, textIn, withCached } from '../reading';

/** @param value body of a chat completion */
export function readChatAnswer(value: unknown): ModelAnswer | undefined {
  const choices = isObject(value) ? value['choices'] : undefined;
  if (!Array.isArray(choices)) return undefined;
  const calls: AnsweredCall[] = [];
  const given: Reference[] = [];
  for (const choice of choices as unknown[]) {
    if (!isObject(choice) || !isObject(choice['message'])) return undefined;
    given.push(...audioIn(choice['message']));
    const { tool_calls: listed = null, function_call: legacy = null } = choice['message'];
    if (listed !== null && !Array.isArray(listed)) return undefined;
    const items = (listed ?? []) as unknown[];
    for (const item of legacy === null ? items : [...items, { type: 'function', function: legacy }]) {
      const call = readCall(item);
      if (!call) return undefined;
      calls.push(call);
    }
  }
  return { calls, tokens: tokensOf(value), model: textIn(value, 'model'), given };
}

function readCall(item: unknown): AnsweredCall | undefined {
  if (!isObject(item)) return undefined;
  const { type, function: called, custom } = item;
  // One that is both would be judged as one and could be run as the other.
  if (isObject(called) && isObject(custom)) return undefined;
  if (type === 'custom' && isObject(custom)) {
    const { name, input } = custom;
    return typeof name === 'string' && typeof input === 'string' ? { name, arguments: { input } } : undefined;
  }
  // Some compatible servers leave the type out, and some give the arguments parsed.
  if ((type === 'function' || type === undefined) && isObject(called) && typeof called['name'] === 'string') {
    const { name, arguments: args = null } = called;
    if (typeof args === 'string') return { name, arguments: argumentsOf(args) };
    return { name, arguments: args === null ? {} : isObject(args) ? args : undefined };
  }
  return undefined;
}

/** @param said a message, or what a chunk adds to one @returns the voice that OpenAI keeps of it */
export function audioIn(said: unknown): readonly Reference[] {
  const audio = isObject(said) ? said['audio'] : undefined;
  const id = textIn(audio, 'id');
  return id === undefined ? [] : [{ kind: 'audio', id }];
}

/** @param body a chat completion, or one chunk of it */
export function tokensOf(body: unknown): ToldTokens | undefined {
  const usage = isObject(body) ? body['usage'] : undefined;
  if (!isObject(usage)) return undefined;
  const prompt = countOf(usage['prompt_tokens']);
  const completion = countOf(usage['completion_tokens']);
  const counts = { prompt, completion, total: countOf(usage['total_tokens']) || prompt + completion };
  const details = usage['prompt_tokens_details'];
  return withCached(counts, isObject(details) ? details['cached_tokens'] : 0);
}

/** Takes the probabilities out of an answer or chunk: they repeat its text, token by token. */
export function dropLogProbabilities(value: unknown): boolean {
  const choices = isObject(value) ? value['choices'] : undefined;
  let isChanged = false;
  for (const choice of Array.isArray(choices) ? (choices as unknown[]) : []) {
    if (!isObject(choice) || isAbsent(choice['logprobs'])) continue;
    choice['logprobs'] = null;
    isChanged = true;
  }
  return isChanged;
}
