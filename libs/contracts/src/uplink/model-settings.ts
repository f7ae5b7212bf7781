/** The APIs that a plane speaks; a provider of one kind may stand at many addresses. */
export const MODEL_PROVIDER_KINDS = ['openai', 'anthropic', 'gemini', 'ollama'] as const;
export type ModelProviderKind = (typeof MODEL_PROVIDER_KINDS)[number];

/** Where calls of one kind may go. */
export interface ModelProvider {
  readonly id: string;
  readonly kind: ModelProviderKind;
  /** http(s), without credentials, query and fragment. */
  readonly base_url: string;
  /** Header that the key goes in; null: the one of the kind. */
  readonly auth_header: string | null;
  /** A reference (`env:BEHAVRY_SECRET_…`, `file:<name>`), never the key itself; null: the plane's own, at its own host. */
  readonly key: string | null;
  /** Share of the calls of its kind, 0 to 100; 0 gets none. */
  readonly weight: number;
  /** Whether it tells the tokens of a stream when it is asked to. */
  readonly usage_in_stream: boolean;
}

/** Names are `provider/model` or `model`, exact or with `*` at the end. Denied is stronger; an empty `allow` is every model. */
export interface ModelNames {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** What a model costs: money for 1,000,000 tokens. */
export interface ModelPrice {
  readonly provider: ModelProviderKind;
  /** Exact, or with `*` at the end. */
  readonly model: string;
  readonly input: number;
  readonly output: number;
  /** For tokens of the prompt that the provider had kept; null: as `input`. */
  readonly cached_input?: number | null;
  readonly currency: 'USD';
  /** `YYYY-MM-DD`. */
  readonly as_of: string;
  readonly source: string;
}

/** How much may be used within a day or a month of UTC. */
export interface ModelBudget {
  readonly scope: 'agent' | 'owner' | 'tenant';
  /** Which agent or owner; null: each of them for itself. A tenant has none. */
  readonly id?: string | null;
  readonly period: 'day' | 'month';
  readonly tokens?: number | null;
  /** In USD. */
  readonly money?: number | null;
  /** Whether calls beyond it are refused, or only told so. */
  readonly hard: boolean;
}

/** What a tenant says about the use of models. */
export interface ModelSettings {
  readonly providers: readonly ModelProvider[];
  readonly models: ModelNames;
  readonly prices: readonly ModelPrice[];
  readonly budgets: readonly ModelBudget[];
  /** What becomes of a request with members that the proxy does not know: refused, or left to policy. */
  readonly unknown_members: 'refuse' | 'decide';
}

/** The settings of a tenant that has made none, and of a config document that carries none. */
export const MODEL_SETTINGS_DEFAULTS: ModelSettings = {
  providers: [],
  models: { allow: [], deny: [] },
  prices: [],
  budgets: [],
  unknown_members: 'refuse',
};
