import { CONVERSATIONS } from '../../test/conversations';
import type { Target } from '../dialects/dialect';
import { DIALECTS } from '../dialects/providers';
import { saidBefore } from './said-before';

const CALL = { name: 'pay', arguments: { amount: 1 } };

describe('what a stream said before its first call', () => {
  it.each(CONVERSATIONS.map((each) => [each.name, each] as const))('is its text: %s', (_name, speech) => {
    const [, provider = '', path = '', query = ''] =
      /^(\w+)(\/[^?]*)\??(.*)$/.exec(speech.path('m', true)) ?? [];
    const target: Target = { method: 'POST', path, query };
    const endpoint = DIALECTS.find(({ id }) => id === provider)?.endpointOf(target);
    if (!endpoint) throw new Error(speech.name);
    const bytes = Buffer.from(speech.stream(['I will', ' pay.'], CALL, CALL));
    expect(saidBefore(endpoint, bytes)).toBe('I will pay.');
    expect(saidBefore(endpoint, Buffer.from(speech.stream([], CALL)))).toBe('');
    expect(saidBefore(endpoint, Buffer.from('no stream'))).toBe('');
  });
});
