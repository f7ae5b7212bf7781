import type { ModelPrice, ModelProviderKind } from '@behavry/contracts';

type Row = readonly [model: string, input: number, output: number, cachedInput: number | null];

/** USD for 1,000,000 tokens, without surcharges for long prompts, batches, tools and tokens written to a cache. */
const LISTS: readonly (readonly [provider: ModelProviderKind, asOf: string, rows: readonly Row[]])[] = [
  [
    'openai',
    '2025-09-30',
    [
      ['gpt-5', 1.25, 10, 0.125],
      ['gpt-5-mini', 0.25, 2, 0.025],
      ['gpt-5-nano', 0.05, 0.4, 0.005],
      ['gpt-4.1', 2, 8, 0.5],
      ['gpt-4.1-mini', 0.4, 1.6, 0.1],
      ['gpt-4.1-nano', 0.1, 0.4, 0.025],
      ['gpt-4o', 2.5, 10, 1.25],
      // The first version kept its price when the later ones became cheaper.
      ['gpt-4o-2024-05-13', 5, 15, null],
      ['gpt-4o-mini', 0.15, 0.6, 0.075],
      ['o1', 15, 60, 7.5],
      ['o3', 2, 8, 0.5],
      ['o3-mini', 1.1, 4.4, 0.55],
      ['o4-mini', 1.1, 4.4, 0.275],
      ['text-embedding-3-small', 0.02, 0, null],
      ['text-embedding-3-large', 0.13, 0, null],
    ],
  ],
  [
    'anthropic',
    '2025-10-31',
    [
      ['claude-opus-4-1', 15, 75, 1.5],
      ['claude-opus-4', 15, 75, 1.5],
      ['claude-opus-4-0', 15, 75, 1.5],
      ['claude-sonnet-4-5', 3, 15, 0.3],
      ['claude-sonnet-4', 3, 15, 0.3],
      ['claude-sonnet-4-0', 3, 15, 0.3],
      ['claude-3-7-sonnet', 3, 15, 0.3],
      ['claude-3-5-sonnet', 3, 15, 0.3],
      ['claude-haiku-4-5', 1, 5, 0.1],
      ['claude-3-5-haiku', 0.8, 4, 0.08],
      ['claude-3-haiku', 0.25, 1.25, 0.03],
    ],
  ],
  [
    'gemini',
    '2025-09-30',
    [
      ['gemini-2.5-pro', 1.25, 10, null],
      ['gemini-2.5-flash', 0.3, 2.5, null],
      ['gemini-2.5-flash-lite', 0.1, 0.4, null],
      ['gemini-2.0-flash', 0.1, 0.4, null],
      ['gemini-2.0-flash-lite', 0.075, 0.3, null],
    ],
  ],
];

/** List prices of well-known models, for tenants that set none; what a model on one's own machine costs nobody here knows. */
export const BUILT_IN_PRICES: readonly ModelPrice[] = LISTS.flatMap(([provider, asOf, rows]) =>
  rows.map(([model, input, output, cachedInput]) => ({
    provider,
    model,
    input,
    output,
    cached_input: cachedInput,
    currency: 'USD',
    as_of: asOf,
    source: 'list price of the provider',
  })),
);
