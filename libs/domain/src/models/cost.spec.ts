import type { ModelPrice } from '@behavry/contracts';
import { costOf } from './cost';

const PRICE: ModelPrice = {
  provider: 'openai',
  model: 'm',
  input: 2.5,
  output: 10,
  cached_input: 1.25,
  currency: 'USD',
  as_of: '2026-01-01',
  source: 'test',
};

describe('the cost of a use', () => {
  it('is in micro-USD, rounded up', () => {
    expect(costOf(PRICE, { prompt: 1_000_000, completion: 100_000 })).toBe(3_500_000);
    expect(costOf(PRICE, { prompt: 1, completion: 0 })).toBe(3);
    expect(costOf(PRICE, { prompt: 0, completion: 0 })).toBe(0);
  });

  it('is not made dearer by fractions that binary numbers do not have', () => {
    const small = { ...PRICE, input: 0.1, output: 0.2 };
    expect(costOf(small, { prompt: 3, completion: 0 })).toBe(1);
    for (let tokens = 0; tokens < 5_000; tokens += 10)
      expect(costOf(small, { prompt: tokens, completion: tokens })).toBe((tokens * 3) / 10);
  });

  it('counts tokens that the provider had kept at their own price, where there is one', () => {
    expect(costOf(PRICE, { prompt: 100, completion: 0, cached: 40 })).toBe(200);
    expect(costOf(PRICE, { prompt: 100, completion: 0, cached: 400 })).toBe(125);
    expect(costOf({ ...PRICE, cached_input: null }, { prompt: 100, completion: 0, cached: 40 })).toBe(250);
  });

  it('is unknown without a price, and never nothing', () => {
    expect(costOf(undefined, { prompt: 1, completion: 1 })).toBeUndefined();
  });
});
