import { isObject } from '@behavry/contracts';
import type { AnsweredCall, ModelAnswer, Reference, ToldTokens } from '../dialect';
import { argumentsOf, countOf, isAbsent, textIn, withCached } from '../reading';
import { callsIn, type ItemCall } from './responses-items';

/** States in which a response may come whole. */
const FINAL = new Set<unknown>(['completed', 'incomplete']);

/** @param value body of a response */
export function readResponse(value: unknown): ModelAnswer | undefined {
  if (!isObject(value) || !Array.isArray(value['output'])) return undefined;
  if (!FINAL.has(value['status']) || !isAbsent(value['error'])) return undefined;
  const calls: AnsweredCall[] = [];
  for (const item of value['output'] as unknown[]) {
    const found = callsIn(item);
    if (!found) return undefined;
    calls.push(...found.map(answered));
  }
  return { calls, tokens: tokensOf(value), model: textIn(value, 'model'), given: keptOf(value) };
}

function answered({ name, form, arguments: args }: ItemCall): AnsweredCall {
  if (typeof args !== 'string') return { name, arguments: args };
  return { name, arguments: form === 'text' ? { input: args } : argumentsOf(args) };
}

/**
 * @param response whole, or as an event of a stream tells it
 * @returns what OpenAI keeps of it: itself, its items, and where their code ran
 */
export function keptOf(response: unknown): readonly Reference[] {
  if (!isObject(response)) return [];
  const { id, store, conversation, output } = response;
  const kept: Reference[] = [];
  const add = (kind: string, name: unknown): void => {
    if (typeof name === 'string' && name !== '') kept.push({ kind, id: name });
  };
  for (const item of Array.isArray(output) ? (output as unknown[]) : []) {
    if (!isObject(item)) continue;
    add('container', item['container_id']);
    if (isObject(item['environment'])) add('container', item['environment']['container_id']);
    if (store !== false) add('item', item['id']);
  }
  if (store === false) return kept;
  add('response', id);
  if (isObject(conversation)) add('conversation', conversation['id']);
  return kept;
}

/** @param response whole, or as an event of a stream tells it */
export function tokensOf(response: unknown): ToldTokens | undefined {
  const usage = isObject(response) ? response['usage'] : undefined;
  if (!isObject(usage)) return undefined;
  const prompt = countOf(usage['input_tokens']);
  const completion = countOf(usage['output_tokens']);
  const counts = { prompt, completion, total: countOf(usage['total_tokens']) || prompt + completion };
  const details = usage['input_tokens_details'];
  return withCached(counts, isObject(details) ? details['cached_tokens'] : 0);
}

/** Where texts stand that may have probabilities beside them: in a response, its items and their parts. */
const HOLDERS = ['response', 'output', 'item', 'content', 'part'];

/**
 * Takes the probabilities out of a response or event: they repeat its text, token by token. What only hides how long
 * the texts were goes too.
 */
export function dropTokens(value: unknown): boolean {
  if (Array.isArray(value)) return (value as unknown[]).map(dropTokens).includes(true);
  if (!isObject(value)) return false;
  let isChanged = Object.hasOwn(value, 'obfuscation');
  delete value['obfuscation'];
  const { logprobs } = value;
  if (!isAbsent(logprobs) && !(Array.isArray(logprobs) && logprobs.length === 0)) {
    value['logprobs'] = [];
    isChanged = true;
  }
  for (const holder of HOLDERS) isChanged = dropTokens(value[holder]) || isChanged;
  return isChanged;
}
