import { isObject } from '@behavry/contracts';

/** Tokens of an exchange as the provider counted them. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** @param body a chat completion or one chunk of it @returns undefined when it carries no usage */
export function usageOf(body: unknown): Usage | undefined {
  const usage = isObject(body) ? body['usage'] : undefined;
  if (!isObject(usage)) return undefined;
  const prompt = countOf(usage['prompt_tokens']);
  const completion = countOf(usage['completion_tokens']);
  const total = countOf(usage['total_tokens']);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total || prompt + completion };
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
