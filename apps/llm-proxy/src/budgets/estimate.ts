// What a call may use before anybody has counted, and what it has used where nobody told.
import { isObject, type TokenCounts } from '@behavry/contracts';
import type { Endpoint } from '../dialects/dialect';

/** Tokens of the prompt and, at most, of the answer. */
export type Estimate = Pick<TokenCounts, 'prompt' | 'completion'>;

const CHARACTERS_OF_A_TOKEN = 4;
/** An image, a sound or a file in a request: what it comes to does not hang on its characters. */
const MEDIUM_TOKENS = 2_000;
const MEDIUM = /^(?:data:[^,]{0,128},)?[A-Za-z0-9+/_-]{1000,}={0,2}$/;
/** Members in which the dialects have media; `images` is a list of them. */
const MEDIUM_MEMBERS = new Set(['data', 'file_data', 'image_url', 'images', 'url']);

/** @returns a quarter of the characters of all texts and names in a body, and what its answer may have at most */
export function estimateOf({ answerTokens }: Pick<Endpoint, 'answerTokens'>, body: unknown): Estimate {
  return { prompt: tokensOf(charactersIn(body)), completion: answerTokens?.(body) ?? 0 };
}

/** @returns what a text of so many characters comes to */
export function tokensOf(characters: number): number {
  return Math.ceil(characters / CHARACTERS_OF_A_TOKEN);
}

function charactersIn(value: unknown, member = ''): number {
  if (typeof value === 'string') {
    const isMedium = MEDIUM_MEMBERS.has(member) && MEDIUM.test(value);
    return isMedium ? Math.min(value.length, MEDIUM_TOKENS * CHARACTERS_OF_A_TOKEN) : value.length;
  }
  let characters = 0;
  if (Array.isArray(value)) for (const item of value as unknown[]) characters += charactersIn(item, member);
  else if (isObject(value))
    for (const name of Object.keys(value)) characters += name.length + charactersIn(value[name], name);
  return characters;
}

/** What became of a call that was sent. */
export type Heard =
  /** It was not sent, or its provider said that it failed: it has cost nothing. */
  | { readonly kind: 'nothing' }
  /** It was sent, and nobody saw the answer: it may have used all that was reserved for it. */
  | { readonly kind: 'unseen' }
  /** Characters of an answer that is whole, or of which this much came. */
  | {
      readonly kind: 'answer';
      readonly characters: number;
      readonly isComplete: boolean;
      /** Whether its agent broke it off: it chose the moment, which is before most providers count. */
      readonly isBrokenOff?: boolean;
    };

/** @param told as the provider counted; what it did not tell, or had not when it was broken off, is estimated */
export function usedIn(heard: Heard, estimate: Estimate, told: TokenCounts | null): TokenCounts {
  if (heard.kind === 'nothing') return { prompt: 0, completion: 0, total: 0 };
  if (heard.kind === 'unseen') return totalled(estimate);
  if (heard.isBrokenOff) return atLeast(estimate, told, heard.characters);
  const came = tokensOf(heard.characters);
  const completion = told?.completion ?? 0;
  return totalled(
    {
      prompt: told?.prompt || estimate.prompt,
      completion: heard.isComplete ? completion || came : Math.max(completion, came),
    },
    told?.total,
  );
}

/** What an agent breaks off has used what was reserved for it, or more: else it would pay least that goes before the end. */
function atLeast(estimate: Estimate, told: TokenCounts | null, characters: number): TokenCounts {
  return totalled({
    prompt: Math.max(told?.prompt ?? 0, estimate.prompt),
    completion: Math.max(told?.completion ?? 0, estimate.completion, tokensOf(characters)),
  });
}

/** @param total what a provider adds up may be more than both sides */
function totalled({ prompt, completion }: Estimate, total = 0): TokenCounts {
  return { prompt, completion, total: Math.max(total, prompt + completion) };
}
