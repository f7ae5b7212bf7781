import { MODEL_SETTINGS_DEFAULTS } from '@behavry/contracts';
import { contentCounters, TenantRepository, type PlanTier } from '@behavry/db-control';
import { withTenant } from '@behavry/platform';
import { describeWithOpa, startTestPostgres, type TestPostgres } from '@behavry/testing';
import {
  eventually,
  startPolicyService,
  type Answer,
  type CallOptions,
  type RunningPolicyService,
} from './running-policy-service';

const PATH = '/api/v1/model-settings';
const PROVIDER = {
  id: 'azure-eu',
  kind: 'openai',
  base_url: 'https://eu.example.test/openai/v1',
  auth_header: 'api-key',
  key: 'env:BEHAVRY_SECRET_AZURE_EU',
  weight: 100,
  usage_in_stream: true,
};
const PRICE = {
  provider: 'openai',
  model: 'gpt-4o*',
  input: 2.1,
  output: 8.4,
  cached_input: null,
  currency: 'USD',
  as_of: '2026-10-01',
  source: 'contract 17',
};
const BUDGET = { scope: 'agent', id: null, period: 'day', tokens: 1_000_000, money: null, hard: true };
const SETTINGS = {
  providers: [PROVIDER],
  models: { allow: ['openai/gpt-4o*', 'claude-*'], deny: ['gpt-4o-audio*'] },
  prices: [PRICE],
  budgets: [],
  unknown_members: 'decide',
};

describeWithOpa('model settings', () => {
  let postgres: TestPostgres;
  let service: RunningPolicyService;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    service = await startPolicyService(await postgres.createDatabase());
  }, 120_000);

  afterAll(async () => {
    await service.stop();
    await postgres.stop();
  });

  const get = (options: CallOptions = {}): Promise<Answer> => service.call('GET', PATH, undefined, options);
  const put = (body: object, options: CallOptions = {}): Promise<Answer> =>
    service.call('PUT', PATH, body, options);
  const become = (planTier: PlanTier): Promise<void> =>
    withTenant(service.database, service.tenantId, (manager) =>
      new TenantRepository(manager, service.tenantId).update({ planTier }, new Date()),
    );
  const faultsOf = async (body: object): Promise<readonly string[]> => {
    const { status, json } = await put(body);
    expect([status, json.code]).toEqual([422, 'validation_failed']);
    return (json.errors as readonly { field: string }[]).map(({ field }) => field);
  };

  it('are the defaults until a tenant sets its own, which a viewer reads and an author writes', async () => {
    const first = await get({ role: 'viewer' });
    expect([first.status, first.json, first.headers['etag']]).toEqual([200, MODEL_SETTINGS_DEFAULTS, '"0"']);
    expect((await put(SETTINGS, { role: 'analyst' })).status).toBe(403);
    expect((await get({ role: null })).status).toBe(401);
  });

  it('are one document, replaced as a whole, from the last read alone', async () => {
    await service.call('PUT', '/api/v1/rate-limits', { agent_per_minute: 50 });
    const { headers } = await get();
    const ifMatch = { 'if-match': String(headers['etag']) };
    const counted = () =>
      withTenant(service.database, service.tenantId, (manager) => contentCounters(manager, service.tenantId));
    const before = await counted();
    service.heard.length = 0;
    const changed = await put(SETTINGS, { headers: ifMatch });
    expect([changed.status, changed.json]).toEqual([200, SETTINGS]);
    const after = await counted();
    expect([after.config > before.config, after.policy > before.policy]).toEqual([true, false]);
    await eventually(() => expect(service.heard).toContain(`${service.tenantId} config`));
    expect((await put(SETTINGS, { headers: ifMatch })).status).toBe(412);
    const read = await get();
    expect([read.json, read.headers['etag']]).toEqual([SETTINGS, changed.headers['etag']]);
    expect((await get({ tenantId: await service.addTenant() })).json).toEqual(MODEL_SETTINGS_DEFAULTS);

    const smaller = await put({ models: { deny: ['o1*'] } });
    expect(smaller.json).toEqual({ ...MODEL_SETTINGS_DEFAULTS, models: { allow: [], deny: ['o1*'] } });
    const nothing = { providers: null, models: null, prices: null, budgets: null, unknown_members: null };
    expect((await put(nothing)).json).toEqual(MODEL_SETTINGS_DEFAULTS);
  });

  it('are counted with the other settings, and each change is recorded as far as it goes', async () => {
    const { headers } = await get();
    await service.call('PUT', '/api/v1/rate-limits', { agent_per_minute: 60 });
    expect((await get()).headers['etag']).not.toBe(headers['etag']);
    await put({ ...SETTINGS, models: { allow: ['gpt-4o'], deny: [] } });
    await put({ ...SETTINGS, models: { allow: [], deny: [] } });
    const [{ detail, username }] = await withTenant(
      service.database,
      service.tenantId,
      (manager): Promise<[{ detail: unknown; username: string }]> =>
        manager.query(
          `SELECT detail, username FROM plane.changes WHERE action = 'settings.model_settings' ORDER BY id DESC LIMIT 1`,
        ),
    );
    expect([username, detail]).toEqual([
      'the-policy_author',
      { before: { models: { allow: ['gpt-4o'], deny: [] } }, after: { models: { allow: [], deny: [] } } },
    ]);
  });

  it('have budgets from the plan professional on, and keep them in a smaller one', async () => {
    const refused = await put({ ...SETTINGS, budgets: [BUDGET] });
    expect([refused.status, refused.json.code]).toEqual([402, 'plan_required']);
    await become('professional');
    const own = { scope: 'agent', id: 'ABC', period: 'day', money: 2.5, hard: false };
    const made = await put({ ...SETTINGS, budgets: [BUDGET, own] });
    expect(made.json.budgets).toEqual([BUDGET, { ...own, id: 'abc', tokens: null }]);
    await become('trial');
    expect((await get()).json.budgets).toHaveLength(2);
    expect((await put(SETTINGS)).json.budgets).toEqual([]);
  });

  it('are refused with every fault at once', async () => {
    await become('professional');
    const faults = await faultsOf({
      providers: [
        {
          ...PROVIDER,
          kind: 'mistral',
          base_url: 'https://u:p@eu.example.test',
          key: 'sk-1234',
          weight: 101,
        },
        { ...PROVIDER, auth_header: 'host', extra: 1 },
        null,
      ],
      models: { allow: ['a*b', ''], deny: 'o1' },
      prices: [
        PRICE,
        { ...PRICE, model: 'GPT-4o*' },
        { ...PRICE, model: 'x', input: -1, as_of: '2026-02-30' },
      ],
      budgets: [BUDGET, { ...BUDGET, tokens: 7 }, { ...BUDGET, scope: 'tenant', id: 'x', tokens: null }],
      unknown_members: 'allow',
      more: true,
    });
    expect([...new Set(faults)].sort()).toEqual([
      'budgets',
      'budgets.2.id',
      'budgets.2.tokens',
      'models.allow',
      'models.deny',
      'more',
      'prices',
      'prices.2.as_of',
      'prices.2.input',
      'providers',
      'providers.0.base_url',
      'providers.0.key',
      'providers.0.kind',
      'providers.0.weight',
      'providers.1.auth_header',
      'providers.1.extra',
      'providers.2',
      'unknown_members',
    ]);
  });

  it.each([
    ['base_url', 'ftp://x.test'],
    ['base_url', 'https://x.test/v1?api-version=1'],
    ['base_url', 'https://x.test/v1#a'],
    ['base_url', 'https://x.test/v1#'],
    ['base_url', 'v1'],
    ['key', 'env:PATH'],
    ['key', 'file:../up'],
    ['auth_header', 'x y'],
    ['id', 'Azure'],
    ['id', 'a'.repeat(65)],
    ['weight', 0.5],
    ['usage_in_stream', undefined],
  ])('have no provider whose %s is %j', async (member, value) => {
    const faults = await faultsOf({ providers: [{ ...PROVIDER, [member]: value }] });
    expect(new Set(faults)).toEqual(new Set([`providers.0.${member}`]));
  });

  it.each([
    { scope: 'agent', period: 'week', tokens: 1, hard: true },
    { scope: 'agent', period: 'day', tokens: 1.5, hard: true },
    { scope: 'agent', period: 'day', money: 0, hard: true },
    { scope: 'tenant', period: 'day', hard: true },
    { scope: 'owner', period: 'day', tokens: 1 },
  ])('have no budget like %j', async (budget) => {
    expect((await faultsOf({ budgets: [budget] })).every((field) => field.startsWith('budgets.0.'))).toBe(
      true,
    );
  });

  it('hold many models and no more than many', async () => {
    const named = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => `m${String(index)}`);
    expect((await put({ models: { allow: named(500) } })).status).toBe(200);
    expect(await faultsOf({ models: { deny: named(501) } })).toEqual(['models.deny']);
  });
});
