import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { MODEL_SETTINGS_DEFAULTS, type ConfigDocument, type PublicJwk } from '@behavry/contracts';
import {
  AgentRepository,
  DataPlaneTokenRepository,
  KillSwitchRepository,
  TenantRepository,
  TenantSettingsRepository,
} from '@behavry/db-control';
import { withTenant } from '@behavry/platform';
import { eventually } from '@behavry/testing';
import { Publisher } from '../src/publish/publisher';
import { START, unpack } from './bundle-system';
import { bundleTenant, policy, type Answer } from './bundle-tenant';

const its = bundleTenant();
const { bearer, bundlePath, get, newerThan, waiters } = its;

describe('the bundle route', () => {
  it('gives a tenant without policies a bundle that denies by default', async () => {
    const { status, headers, body } = await get(bundlePath(), bearer());
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/gzip',
      'cache-control': 'no-cache',
      vary: 'Authorization',
      'x-bundle-revision': '20260317T143022Z',
      'content-length': String(body.length),
      etag: expect.stringMatching(/^"sha256-[0-9a-f]{64}"$/) as string,
    });
    const files = await unpack(body);
    expect(JSON.parse(files.get('.manifest') ?? '')).toMatchObject({
      revision: '20260317T143022Z',
      roots: ['behavry'],
      rego_version: 1,
      metadata: { generation: 1, policies: 0 },
    });
    const names = [...files.keys()];
    expect(names).toEqual(
      expect.arrayContaining([
        'behavry/authz/decision.rego',
        'behavry/base/blast_radius.rego',
        'behavry/data.json',
      ]),
    );
    const shipped = ['base', 'inbound', 'requester', 'delegation', 'workflows', 'discovery'];
    const categories = new Set(names.map((name) => name.split('/')[1]));
    expect(shipped.filter((category) => !categories.has(category))).toEqual([]);
    expect(names.filter((name) => name.includes('test'))).toEqual([]);
    expect(names.filter((name) => name.endsWith('signatures.json'))).toEqual([]);
  });

  it('never says Content-Encoding: OPA would unpack twice', async () => {
    const { headers, body } = await get(bundlePath(), { ...bearer(), 'accept-encoding': 'gzip, br' });
    expect(headers['content-encoding']).toBeUndefined();
    expect(body.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
  });

  it.each([
    ['none', {}],
    ['an unknown one', bearer('dp_unknown')],
    ['an unexpanded variable', bearer('${DATA_PLANE_TOKEN}')],
    ['another scheme', { authorization: 'Basic eDp5' }],
  ])('answers 401 for a token that is %s', async (_what, headers: Record<string, string>) => {
    const answer = await get(bundlePath(), { ...headers, 'if-none-match': '*' });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'unauthenticated' });
  });

  it('answers 401 for an expired token', async () => {
    const { token: expired } = await its.system.addToken(its.tenant, new Date(START));
    expect((await get(bundlePath(), bearer(expired))).status).toBe(401);
  });

  it('answers 403 for the path of another its.tenant, there or not', async () => {
    const other = await its.system.addTenant();
    for (const id of [other, randomUUID(), 'x']) {
      const answer = await get(bundlePath(id), { ...bearer(), 'if-none-match': '*' });
      expect([answer.status, (JSON.parse(answer.body.toString()) as { code: string }).code]).toEqual([
        403,
        'tenant_mismatch',
      ]);
    }
    expect((await get(bundlePath(its.tenant.toUpperCase()), bearer())).status).toBe(200);
  });

  it('answers 304 to who has it, and to nobody else', async () => {
    const { headers } = await get(bundlePath(), bearer());
    for (const tag of [
      headers['etag'] ?? '',
      `W/${headers['etag'] ?? ''}`,
      `"x", ${headers['etag'] ?? ''}`,
      '*',
    ]) {
      const answer = await get(bundlePath(), { ...bearer(), 'if-none-match': tag });
      expect(answer.status).toBe(304);
      expect(answer.headers).toMatchObject({
        etag: headers['etag'],
        'x-bundle-revision': headers['x-bundle-revision'],
        'cache-control': 'no-cache',
      });
      expect(answer.body).toHaveLength(0);
    }
    expect((await get(bundlePath(), { ...bearer(), 'if-none-match': '"x"' })).status).toBe(200);
  });

  it('answers HEAD like GET, without the body', async () => {
    const full = await get(bundlePath(), bearer());
    const head = await get(bundlePath(), bearer(), 'HEAD');
    expect([head.status, head.headers['etag'], head.body.length]).toEqual([200, full.headers['etag'], 0]);
    expect(head.headers['content-length']).toBe(String(full.body.length));
  });

  it('has a signed form of the same revision for who asks for it', async () => {
    const [plain, signed] = await Promise.all([
      get(bundlePath(), bearer()),
      get(`${bundlePath()}?signed_by=behavry-bundle`, bearer()),
    ]);
    expect(signed.headers['x-bundle-revision']).toBe(plain.headers['x-bundle-revision']);
    expect(signed.headers['etag']).not.toBe(plain.headers['etag']);
    expect([...(await unpack(signed.body)).keys()]).toContain('.signatures.json');
    expect((await get(`${bundlePath()}?signed_by=other`, bearer())).status).toBe(404);
    expect((await get(`${bundlePath()}?part=other`, bearer())).status).toBe(404);
  });

  it('moves last_seen_at of the token', async () => {
    await eventually(async () => {
      const seen = await its.system.within(its.tenant, (manager) =>
        new DataPlaneTokenRepository(manager, its.tenant).get(its.tokenId),
      );
      expect(seen?.lastSeenAt).toEqual(new Date(START));
    });
  });
});

describe('a revision', () => {
  it('is new for new content, later than the last one, and not made for anything else', async () => {
    const before = await get(bundlePath(), bearer());
    await its.system.activate(its.tenant, policy('first', 'a'));
    const first = await newerThan(before.headers['x-bundle-revision']);
    expect(first.headers['x-bundle-revision']).toBe('20260317T143023Z');
    expect((await unpack(first.body)).get('behavry/base/first.rego')).toBe(policy('first', 'a'));
    await its.system.activate(its.tenant, policy('second', 'b'));
    const second = await newerThan(first.headers['x-bundle-revision']);
    expect(second.headers['x-bundle-revision']).toBe('20260317T143024Z');
    const manifest = JSON.parse((await unpack(second.body)).get('.manifest') ?? '') as { metadata: object };
    expect(manifest.metadata).toMatchObject({ generation: 3, policies: 2 });
    await its.system.app.get(Publisher).ensure(its.tenant, 'policy');
    expect((await get(bundlePath(), bearer())).headers['x-bundle-revision']).toBe('20260317T143024Z');
  });
});

describe('the config document', () => {
  const documentOf = (body: Buffer): ConfigDocument =>
    JSON.parse(Buffer.from(body.toString().split('.')[1] ?? '', 'base64url').toString()) as ConfigDocument;

  it('is a signed compact JWS of the tenant', async () => {
    const { status, headers, body } = await newerThan(undefined, '?part=config');
    expect([status, headers['content-type']]).toEqual([200, 'application/jose']);
    const [head = '', payload = '', signature = ''] = body.toString().split('.');
    expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual({
      alg: 'RS256',
      kid: 'behavry-bundle',
      typ: 'behavry-config+jws',
    });
    const key = createPublicKey({
      key: (await its.system.publicKeyPem()) as PublicJwk & Record<string, string>,
      format: 'jwk',
    });
    expect(
      verify('sha256', Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url')),
    ).toBe(true);
    expect(documentOf(body)).toMatchObject({
      schema: 1,
      tenant_id: its.tenant,
      generation: 1,
      revision: headers['x-bundle-revision'],
      suspended: false,
      kill_switches: [],
      rate_limits: { agent_per_minute: 120, tenant_per_minute: 1_200, agent_concurrency: 8 },
      model_settings: MODEL_SETTINGS_DEFAULTS,
    });
  });

  it('names who answers for an agent, whose budgets it uses', async () => {
    const { headers } = await get(`${bundlePath()}?part=config`, bearer());
    const id = randomUUID();
    await its.system.within(its.tenant, (manager) =>
      new AgentRepository(manager, its.tenant).insert({
        ...{
          id,
          name: 'a',
          agentType: 'custom',
          owner: 'Alice',
          clientId: `agt_${id}`,
          roles: [],
          permissions: [],
        },
        ...{ secretSha256: Buffer.alloc(32), createdAt: new Date(START) },
      }),
    );
    const { body } = await newerThan(headers['x-bundle-revision'], '?part=config');
    expect(documentOf(body)).toMatchObject({ agents: [{ id, owner: 'Alice' }] });
  });

  it('carries what the tenant says of models', async () => {
    const { headers } = await get(`${bundlePath()}?part=config`, bearer());
    const models = { allow: ['openai/gpt-4o*'], deny: ['o1*'] };
    await its.system.within(its.tenant, async (manager) => {
      const settings = new TenantSettingsRepository(manager, its.tenant);
      const { version } = await settings.lock(new Date(START));
      await settings.change('modelSettings', { models }, version + 1, new Date(START));
    });
    const { body } = await newerThan(headers['x-bundle-revision'], '?part=config');
    expect(documentOf(body)).toMatchObject({
      schema: 1,
      model_settings: { ...MODEL_SETTINGS_DEFAULTS, models },
    });
  });

  it('reaches a held poll with a kill switch at once', async () => {
    const { headers } = await get(`${bundlePath()}?part=config`, bearer());
    const held = get(`${bundlePath()}?part=config`, {
      ...bearer(),
      prefer: 'wait=30',
      'if-none-match': headers['etag'] ?? '',
    });
    await eventually(async () => {
      expect(await waiters()).toBe(1);
    });
    const thrownAt = performance.now();
    await its.system.within(its.tenant, (manager) =>
      new KillSwitchRepository(manager, its.tenant).insert({
        id: randomUUID(),
        scope: 'tool',
        target: 'x',
        reason: 'test',
        createdBy: null,
        createdByName: 'ann',
        createdAt: new Date(START),
      }),
    );
    const { status, body } = await held;
    expect(status).toBe(200);
    expect(performance.now() - thrownAt).toBeLessThan(1_000);
    expect(documentOf(body).kill_switches).toMatchObject([{ scope: 'tool', target: 'x' }]);
  });

  it('tells a held poll at once that the tenant is suspended, goes on being served, and tells the end of it', async () => {
    const poll = (etag = ''): Promise<Answer> =>
      get(`${bundlePath()}?part=config`, { ...bearer(), prefer: 'wait=30', 'if-none-match': etag });
    const become = (status: 'active' | 'suspended'): Promise<void> =>
      its.system.within(its.tenant, (manager) =>
        new TenantRepository(manager, its.tenant).update({ status }, new Date(START)),
      );
    const before = await get(`${bundlePath()}?part=config`, bearer());
    let held = poll(before.headers['etag']);
    await eventually(async () => {
      expect(await waiters()).toBe(1);
    });
    await become('suspended');
    const stopped = await held;
    expect([stopped.status, documentOf(stopped.body).suspended]).toEqual([200, true]);
    expect((await get(bundlePath(), bearer())).status).toBe(200);

    held = poll(stopped.headers['etag']);
    await eventually(async () => {
      expect(await waiters()).toBe(1);
    });
    await become('active');
    expect(documentOf((await held).body).suspended).toBe(false);
  });

  it('holds by the next sweep what nobody was woken for', async () => {
    await withTenant(its.system.database, its.tenant, (manager) =>
      new KillSwitchRepository(manager, its.tenant).insert({
        id: randomUUID(),
        scope: 'tool',
        target: 'unannounced',
        reason: 'test',
        createdBy: null,
        createdByName: 'ann',
        createdAt: new Date(START),
      }),
    );
    await its.system.app.get(Publisher).sweep();
    const { body } = await get(`${bundlePath()}?part=config`, bearer());
    expect(documentOf(body).kill_switches.map(({ target }) => target)).toContain('unannounced');
  });
});
