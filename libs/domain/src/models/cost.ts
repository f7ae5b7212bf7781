import type { ModelPrice } from '@behavry/contracts';

/** Tokens of one use; `cached` are those of the prompt that the provider had kept, as far as it is known. */
export interface UsedTokens {
  readonly prompt: number;
  readonly completion: number;
  readonly cached?: number;
}

/**
 * What a use of a model costs: money for a million tokens is millionths of money for one.
 * @returns micro-USD, a whole number, rounded up; undefined when there is no price
 */
export function costOf(price: ModelPrice | undefined, tokens: UsedTokens): number | undefined {
  if (!price) return undefined;
  const cached = Math.min(tokens.cached ?? 0, tokens.prompt);
  const micros =
    (tokens.prompt - cached) * price.input +
    cached * (price.cached_input ?? price.input) +
    tokens.completion * price.output;
  // To six places first: a sum of decimal fractions is off by less, and would else be a millionth dearer.
  return Math.ceil(Number(micros.toFixed(6)));
}
