import { MODEL_SETTINGS_DEFAULTS, type ModelSettings } from '@behavry/contracts';
import { matchesModel } from '@behavry/domain';
import { sampleConfig } from '../../../test/fake-guard';
import { ConfigView } from './config-view';

const settings: ModelSettings = {
  ...MODEL_SETTINGS_DEFAULTS,
  models: { allow: ['openai/*'], deny: ['o1*'] },
  prices: [
    {
      provider: 'openai',
      model: 'gpt-4o',
      input: 1,
      output: 2,
      currency: 'USD',
      as_of: '2026-01-01',
      source: 'contract',
    },
  ],
};

describe('models in a configuration', () => {
  it('are all allowed and have list prices when the document says nothing of them', () => {
    const view = new ConfigView(sampleConfig());
    expect(view.models).toEqual(MODEL_SETTINGS_DEFAULTS);
    expect(view.model('ollama', 'llama3')).toBe('allowed');
    expect(view.priceOf('openai', 'gpt-4o')?.input).toBe(2.5);
    expect(view.priceOf('ollama', 'llama3')).toBeUndefined();
  });

  it('are those of the document, members that it lacks at their defaults', () => {
    const view = new ConfigView(sampleConfig({ model_settings: settings }));
    for (const model of ['gpt-4o', 'o1-mini', 'text-embedding-3-small'])
      expect(view.model('openai', model)).toBe(matchesModel('o1*', 'openai', model) ? 'denied' : 'allowed');
    expect(view.model('ollama', 'llama3')).toBe('denied');
    expect(view.costOf('openai', 'gpt-4o', { prompt: 10, completion: 1 })).toBe(12);
    expect(view.costOf('openai', 'unheard-of', { prompt: 10, completion: 1 })).toBeUndefined();
    const partial = { models: settings.models } as ModelSettings;
    const older = new ConfigView(sampleConfig({ model_settings: partial }));
    expect([older.models.unknown_members, older.models.budgets]).toEqual(['refuse', []]);
  });
});
