// What the record says of a use of a model besides the decision.
import type { UsedTokens } from '@behavry/domain';
import type { Exchange } from '@behavry/pipeline';
import type { ToldTokens } from '../dialects/dialect';
import { isPlainName } from '../dialects/reading';
import type { LargeRequest } from '../large/model-jobs';

/** Notes what is asked for. @param tools names of the agent's own tools; null when they cannot stand in a record */
export function noteRequest(
  exchange: Exchange,
  { model, isStream }: LargeRequest,
  tools: readonly string[] | null,
): void {
  exchange.model = model;
  exchange.extra['stream'] = isStream;
  if (tools) exchange.extra['tools'] = tools;
}

/** Notes which model has answered, when that is not the one that was asked: an alias, or another one. */
export function noteModel(exchange: Exchange, model: string | undefined): void {
  if (isPlainName(model) && model !== exchange.model) exchange.outcomeExtra['answered_model'] = model;
}

/**
 * Notes what a use has cost, by the price of the model that answered, else of the one that was asked. Without a price
 * it is unknown, which is not nothing: then there is no note.
 */
export function noteTokens(exchange: Exchange, tokens: ToldTokens | null | undefined): void {
  if (!tokens) return;
  const { cached, ...counts } = tokens;
  noteCached(exchange, cached);
  exchange.tokens = counts;
  const cost = costIn(exchange, tokens);
  if (cost !== undefined) exchange.outcomeExtra['cost_microusd'] = cost;
}

/** Notes how many tokens of the prompt the provider had kept; what it told last counts. */
export function noteCached({ outcomeExtra }: Exchange, cached: number | undefined): void {
  if (cached !== undefined) outcomeExtra['cached_tokens'] = cached;
}

/** @returns what tokens cost in an exchange, in micro-USD; undefined when nobody knows the price */
export function costIn(
  { config, provider, model, outcomeExtra }: Exchange,
  { prompt, completion }: UsedTokens,
): number | undefined {
  const { answered_model: answered, cached_tokens: cached } = outcomeExtra;
  const tokens = { prompt, completion, cached: typeof cached === 'number' ? cached : 0 };
  return (
    (typeof answered === 'string' ? config?.costOf(provider, answered, tokens) : undefined) ??
    config?.costOf(provider, model, tokens)
  );
}
