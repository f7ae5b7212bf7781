import fc from 'fast-check';
import { MODEL_SETTINGS_DEFAULTS, type ModelPrice, type ModelSettings } from '@behavry/contracts';
import { matchesModel } from './model-pattern';
import { ModelRules } from './model-rules';
import { BUILT_IN_PRICES } from './prices';

const rules = (settings: Partial<ModelSettings> = {}): ModelRules =>
  new ModelRules({ ...MODEL_SETTINGS_DEFAULTS, ...settings });
const price = (model: string, input: number, change: Partial<ModelPrice> = {}): ModelPrice => ({
  provider: 'openai',
  model,
  input,
  output: 1,
  currency: 'USD',
  as_of: '2026-01-01',
  source: 'contract',
  ...change,
});

describe('a pattern', () => {
  it.each([
    ['gpt-4o', 'openai', 'gpt-4o', true],
    ['gpt-4o', 'openai', 'gpt-4o-mini', false],
    ['gpt-4o*', 'openai', 'gpt-4o-mini', true],
    ['openai/gpt-4o*', 'openai', 'GPT-4o-mini', true],
    ['openai/gpt-4o*', 'ollama', 'gpt-4o', false],
    ['gemini/*', 'gemini', 'models/gemini-2.5-pro', true],
    ['gemini-2.5-pro', 'gemini', 'models/gemini-2.5-pro', true],
    ['*', 'anthropic', 'anything', true],
    ['meta-llama/Llama-3*', 'openai', 'meta-llama/llama-3-70b', true],
    ['openai/gpt-oss', 'ollama', 'openai/gpt-oss', false],
    ['llama3', 'ollama', 'llama3:latest', true],
    ['llama3', 'ollama', 'registry.ollama.ai/library/llama3', true],
    ['llama3:latest', 'ollama', 'LLAMA3', true],
    ['llama3', 'ollama', 'llama3:70b', false],
  ])('%s of %s names %s: %s', (pattern, provider, model, isMatch) => {
    expect(matchesModel(pattern, provider, model)).toBe(isMatch);
  });
});

describe('whether a model may be used', () => {
  it('is allowed to all while a tenant says nothing', () => {
    expect(rules().verdictOn('openai', 'gpt-4o')).toBe('allowed');
  });

  it('is decided by the denied ones first, then by those that are allowed, if any are', () => {
    const models = { allow: ['openai/gpt-4o*', 'claude-*'], deny: ['gpt-4o-audio*'] };
    const seen = rules({ models });
    expect(seen.verdictOn('openai', 'gpt-4o-mini')).toBe('allowed');
    expect(seen.verdictOn('openai', 'gpt-4o-audio-preview')).toBe('denied');
    expect(seen.verdictOn('anthropic', 'claude-sonnet-4-5')).toBe('allowed');
    expect(seen.verdictOn('ollama', 'llama3')).toBe('denied');
    expect(rules({ models: { allow: [], deny: ['llama3'] } }).verdictOn('ollama', 'library/llama3')).toBe(
      'denied',
    );
  });

  it('is what each pattern by itself says, however many there are', () => {
    const name = fc.stringMatching(/^[ab/-]{1,6}$/);
    const pattern = fc
      .tuple(fc.constantFrom('', 'openai/', 'ollama/'), name, fc.constantFrom('', '*'))
      .map((parts) => parts.join(''));
    const lists = fc.record({ allow: fc.array(pattern), deny: fc.array(pattern, { maxLength: 2 }) });
    fc.assert(
      fc.property(lists, fc.constantFrom('openai', 'ollama'), name, (models, provider, model) => {
        const isIn = (list: readonly string[]): boolean =>
          list.some((each) => matchesModel(each, provider, model));
        const isAllowed = !isIn(models.deny) && (models.allow.length === 0 || isIn(models.allow));
        expect(rules({ models }).verdictOn(provider, model)).toBe(isAllowed ? 'allowed' : 'denied');
      }),
    );
  });
});

describe('the price of a model', () => {
  const input = (seen: ModelRules, model: string, provider = 'openai'): number | undefined =>
    seen.priceOf(provider, model)?.input;

  it('is the list price of its name, with and without a version, and of no other name', () => {
    const seen = rules();
    expect(input(seen, 'gpt-4o')).toBe(2.5);
    expect(input(seen, 'gpt-4o-2024-08-06')).toBe(2.5);
    expect(input(seen, 'gpt-4o-2024-05-13')).toBe(5);
    expect(input(seen, 'gpt-4o-mini-2024-07-18')).toBe(0.15);
    expect(input(seen, 'claude-sonnet-4-20250514', 'anthropic')).toBe(3);
    expect(input(seen, 'claude-3-5-haiku-latest', 'anthropic')).toBe(0.8);
    expect(input(seen, 'models/gemini-2.0-flash-001', 'gemini')).toBe(0.1);
    expect(input(seen, 'gpt-4o-audio-preview')).toBeUndefined();
    expect(input(seen, 'gpt-4o', 'ollama')).toBeUndefined();
  });

  it("is the tenant's own where it has one: of the exact name, else of the longest prefix", () => {
    const prices = [price('gpt-*', 1), price('gpt-4o*', 2), price('gpt-4o-mini', 3), price('o3*', 4)];
    const seen = rules({ prices });
    expect(input(seen, 'gpt-4o-mini')).toBe(3);
    expect(input(seen, 'gpt-4o-mini-2024-07-18')).toBe(3);
    expect(input(seen, 'gpt-4o-2024-08-06')).toBe(2);
    expect(input(seen, 'GPT-4.1')).toBe(1);
    expect(input(seen, 'o3-mini')).toBe(4);
    expect(input(seen, 'o1')).toBe(15);
    expect(
      input(rules({ prices: [price('gpt-4o', 5), price('gpt-4o-2024*', 6)] }), 'gpt-4o-2024-08-06'),
    ).toBe(6);
  });

  it('stands in the built-in list once for each name, with its date and source', () => {
    const names = BUILT_IN_PRICES.map(({ provider, model }) => `${provider}/${model}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { as_of: asOf, source, input: dear, cached_input: cached } of BUILT_IN_PRICES) {
      expect([asOf, source]).toEqual([
        expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
        'list price of the provider',
      ]);
      expect(cached ?? 0).toBeLessThan(dear);
    }
  });
});
