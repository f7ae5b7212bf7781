import type { ModelPrice, ModelSettings } from '@behavry/contracts';
import { modelNames, modelPattern, namePattern } from './model-pattern';
import { ModelTable } from './model-table';
import { BUILT_IN_PRICES } from './prices';

/** How providers mark a version of a model that goes by the price of its name. */
const VERSION = /(?:-\d{4}-\d{2}-\d{2}|[-@]\d{8}|-0\d{2}|-latest)$/;
const BUILT_IN = priceTable(BUILT_IN_PRICES);

/** What a tenant's settings say of models, prepared once, for look-ups on the request path. */
export class ModelRules {
  /** Undefined: every model. */
  readonly #allowed: ModelTable<true> | undefined;
  readonly #denied: ModelTable<true>;
  readonly #prices: ModelTable<ModelPrice>;

  constructor({ models, prices }: Pick<ModelSettings, 'models' | 'prices'>) {
    this.#allowed = models.allow.length === 0 ? undefined : nameTable(models.allow);
    this.#denied = nameTable(models.deny);
    this.#prices = priceTable(prices);
  }

  /** @returns whether a model may be used: denied is stronger, and so is every name that is on neither list of a tenant that allows some */
  verdictOn(provider: string, model: string): 'allowed' | 'denied' {
    const names = modelNames(provider, model);
    const isIn = (table: ModelTable<true>): boolean =>
      names.some((name) => table.find(provider, name) !== undefined);
    if (isIn(this.#denied)) return 'denied';
    return !this.#allowed || isIn(this.#allowed) ? 'allowed' : 'denied';
  }

  /** @returns the tenant's price of a model, else the list price; undefined when nobody knows it */
  priceOf(provider: string, model: string): ModelPrice | undefined {
    const names = modelNames(provider, model);
    return priceIn(this.#prices, provider, names) ?? priceIn(BUILT_IN, provider, names);
  }
}

/** The most specific price: of the exact name, else of the name without its version, unless a longer prefix fits better. */
function priceIn(
  table: ModelTable<ModelPrice>,
  provider: string,
  names: readonly string[],
): ModelPrice | undefined {
  for (const name of names) {
    const plain = name.replace(VERSION, '');
    const unversioned = plain === name ? undefined : table.exact(provider, plain);
    const found =
      table.exact(provider, name) ?? table.prefix(provider, name, unversioned && plain.length) ?? unversioned;
    if (found) return found;
  }
  return undefined;
}

function nameTable(patterns: readonly string[]): ModelTable<true> {
  return new ModelTable(patterns.map((pattern) => [modelPattern(pattern), true]));
}

function priceTable(prices: readonly ModelPrice[]): ModelTable<ModelPrice> {
  return new ModelTable(prices.map((price) => [namePattern(price.model, price.provider), price]));
}
