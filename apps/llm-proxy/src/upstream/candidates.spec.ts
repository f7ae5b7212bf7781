import type { ModelProvider } from '@behavry/contracts';
import { candidatesOf, forOwnKey, inOrder, type Candidate, type OwnAccount } from './candidates';

const OWN: OwnAccount = { kind: 'openai', baseUrl: 'https://api.openai.test/v1', key: 'sk-plane' };

function provider(id: string, changes: Partial<ModelProvider> = {}): ModelProvider {
  return {
    id,
    kind: 'openai',
    base_url: `https://${id}.test/v1`,
    auth_header: null,
    key: null,
    weight: 1,
    usage_in_stream: true,
    ...changes,
  };
}

const usable = (...providers: readonly ModelProvider[]): readonly Candidate[] =>
  candidatesOf(providers, OWN).usable;
const ids = (candidates: readonly Candidate[]): string[] => candidates.map(({ id }) => id);

describe('where calls of a kind may go', () => {
  it("is what the plane's own variables name when the tenant has nothing of that kind with a share", () => {
    const none = [provider('a', { weight: 0 }), provider('b', { kind: 'ollama' })];
    expect(usable(...none)).toMatchObject([
      {
        id: 'plane',
        base: new URL(OWN.baseUrl),
        key: { kind: 'plane', value: 'sk-plane' },
        tellsUsage: true,
      },
    ]);
    expect(candidatesOf([], { ...OWN, key: undefined }).usable).toMatchObject([{ key: { kind: 'none' } }]);
  });

  it("is the tenant's alone when it has one, and the plane's key stays with the plane's host", () => {
    const own = provider('own', { base_url: 'https://api.openai.test:443/other' });
    const named = provider('named', { key: 'env:BEHAVRY_SECRET_A', auth_header: 'API-Key' });
    expect(usable(provider('a'), own, named, provider('zero', { weight: 0 }))).toMatchObject([
      { id: 'a', key: { kind: 'none' } },
      { id: 'own', key: { kind: 'plane', value: 'sk-plane' } },
      { id: 'named', key: { kind: 'reference', text: 'env:BEHAVRY_SECRET_A' }, authHeader: 'api-key' },
    ]);
  });

  it.each([
    ['another protocol', { base_url: 'file:///etc/passwd' }],
    ['credentials in its address', { base_url: 'https://a:b@c.test/' }],
    ['a query', { base_url: 'https://c.test/?a=b' }],
    ['no address', { base_url: 'c.test' }],
    ['a key in clear', { key: 'sk-1234' }],
    ['its key in a header of the connection', { auth_header: 'Connection' }],
    ['its key in a header of the message', { auth_header: 'content-type' }],
    ['its key where the host stands', { auth_header: 'host' }],
    ['its key in two headers', { auth_header: 'a: b\r\nc' }],
  ])('is no provider with %s, and the plane does not step in for it', (_what, changes) => {
    const { usable: left, faults } = candidatesOf([provider('bad', changes)], OWN);
    expect(left).toEqual([]);
    expect(faults).toEqual([{ id: 'bad', reason: expect.stringMatching(/^its /) as string }]);
  });
});

describe('the order of a call', () => {
  const three = usable(
    provider('a', { weight: 1 }),
    provider('b', { weight: 3 }),
    provider('c', { weight: 2 }),
  );
  const order = (chance: number, resting: Readonly<Record<string, number>> = {}): string[] =>
    ids(
      inOrder(
        three,
        ({ id }) => resting[id] ?? 0,
        () => chance,
      ),
    );

  it('is one by weight and chance, then the others by weight', () => {
    expect([0, 1, 2, 3, 4, 5].map((chance) => order(chance)[0])).toEqual(['b', 'b', 'b', 'c', 'c', 'a']);
    expect(order(5)).toEqual(['a', 'b', 'c']);
    expect(order(3)).toEqual(['c', 'b', 'a']);
  });

  it('draws below the sum of those that are ready', () => {
    const pick = jest.fn(() => 0);
    inOrder(three, ({ id }) => (id === 'b' ? 1 : 0), pick);
    expect(pick).toHaveBeenCalledWith(3);
  });

  it('has those that failed lately at its end, soonest over first, and leaves none out', () => {
    expect(order(0, { b: 9 })).toEqual(['c', 'a', 'b']);
    expect(order(0, { a: 7, b: 9, c: 8 })).toEqual(['a', 'c', 'b']);
  });

  it("sends an agent's own key to one address, by no chance", () => {
    const own = provider('own', { base_url: OWN.baseUrl });
    expect(ids(forOwnKey(three, OWN))).toEqual(['a']);
    expect(ids(forOwnKey(usable(provider('a'), own), OWN))).toEqual(['own']);
    expect(forOwnKey([], OWN)).toEqual([]);
  });
});
