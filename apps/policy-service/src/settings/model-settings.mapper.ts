import {
  MODEL_SETTINGS_DEFAULTS,
  type ModelBudget,
  type ModelPrice,
  type ModelProvider,
  type ModelSettings,
} from '@behavry/contracts';
import type {
  ModelBudgetRequest,
  ModelPriceRequest,
  ModelProviderRequest,
  ModelSettingsRequest,
} from './model-settings.dto';

/** @returns the whole document, with every member that was left out */
export function modelSettings(body: ModelSettingsRequest): ModelSettings {
  return {
    providers: (body.providers ?? []).map(providerOf),
    models: { allow: body.models?.allow ?? [], deny: body.models?.deny ?? [] },
    prices: (body.prices ?? []).map(priceOf),
    budgets: (body.budgets ?? []).map(budgetOf),
    unknown_members: body.unknown_members ?? MODEL_SETTINGS_DEFAULTS.unknown_members,
  };
}

function providerOf(request: ModelProviderRequest): ModelProvider {
  return {
    id: request.id,
    kind: request.kind,
    base_url: request.base_url,
    auth_header: request.auth_header ?? null,
    key: request.key ?? null,
    weight: request.weight,
    usage_in_stream: request.usage_in_stream,
  };
}

function priceOf(request: ModelPriceRequest): ModelPrice {
  return {
    provider: request.provider,
    model: request.model,
    input: request.input,
    output: request.output,
    cached_input: request.cached_input ?? null,
    currency: request.currency ?? 'USD',
    as_of: request.as_of,
    source: request.source,
  };
}

function budgetOf(request: ModelBudgetRequest): ModelBudget {
  const id = request.id ?? null;
  return {
    scope: request.scope,
    // Ids of agents are written in lower case everywhere else.
    id: request.scope === 'agent' && id !== null ? id.toLowerCase() : id,
    period: request.period,
    tokens: request.tokens ?? null,
    money: request.money ?? null,
    hard: request.hard,
  };
}
