// Long because one running service serves every case: another file would start it all again.
import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { request as undici } from 'undici';
import type { ConfigDocument, PublicJwk } from '@behavry/contracts';
import { DataPlaneTokenRepository, KillSwitchRepository, TenantRepository } from '@behavry/db-control';
import { withTenant } from '@behavry/platform';
import { eventually } from '@behavry/testing';
import { Publisher } from '../src/publish/publisher';
import { BundleMetrics } from '../src/serve/bundle-metrics';
import { START, startBundleSystem, unpack, type BundleSystem } from './bundle-system';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

let system: BundleSystem;
let tenant: string;
let token: string;
let tokenId: string;

async function get(
  path: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'HEAD' = 'GET',
  signal?: AbortSignal,
): Promise<Answer> {
  const answer = await undici(`${system.url}${path}`, { method, headers, ...(signal ? { signal } : {}) });
  return {
    status: answer.statusCode,
    headers: answer.headers as Record<string, string | undefined>,
    body: Buffer.from(await answer.body.arrayBuffer()),
  };
}

const bundlePath = (id = tenant): string => `/api/v1/opa/bundle/${id}`;
const bearer = (shown = token): Record<string, string> => ({ authorization: `Bearer ${shown}` });

/** Polls until the document is newer than a revision. */
async function newerThan(revision: string | undefined, query = ''): Promise<Answer> {
  return eventually(async () => {
    const answer = await get(bundlePath() + query, bearer());
    if (answer.status !== 200 || answer.headers['x-bundle-revision'] === revision) throw new Error('not yet');
    return answer;
  });
}

const policy = (name: string, tool: string): string =>
  `package behavry.base.${name}\n\nallow contains {"policy": "${name}", "reason": "fine"} if input.request.tool_name == "${tool}"\n`;

/** A poll is held once the server counts it. */
async function waiters(): Promise<number> {
  const metrics = await system.app.get(BundleMetrics).waiters.get();
  return metrics.values[0]?.value ?? 0;
}

beforeAll(async () => {
  system = await startBundleSystem();
  tenant = await system.addTenant();
  ({ id: tokenId, token } = await system.addToken(tenant));
  await newerThan(undefined);
}, 120_000);

afterAll(() => system.stop());

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
    const { token: expired } = await system.addToken(tenant, new Date(START));
    expect((await get(bundlePath(), bearer(expired))).status).toBe(401);
  });

  it('answers 403 for the path of another tenant, there or not', async () => {
    const other = await system.addTenant();
    for (const id of [other, randomUUID(), 'x']) {
      const answer = await get(bundlePath(id), { ...bearer(), 'if-none-match': '*' });
      expect([answer.status, (JSON.parse(answer.body.toString()) as { code: string }).code]).toEqual([
        403,
        'tenant_mismatch',
      ]);
    }
    expect((await get(bundlePath(tenant.toUpperCase()), bearer())).status).toBe(200);
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
      const seen = await system.within(tenant, (manager) =>
        new DataPlaneTokenRepository(manager, tenant).get(tokenId),
      );
      expect(seen?.lastSeenAt).toEqual(new Date(START));
    });
  });
});

describe('a revision', () => {
  it('is new for new content, later than the last one, and not made for anything else', async () => {
    const before = await get(bundlePath(), bearer());
    await system.activate(tenant, policy('first', 'a'));
    const first = await newerThan(before.headers['x-bundle-revision']);
    expect(first.headers['x-bundle-revision']).toBe('20260317T143023Z');
    expect((await unpack(first.body)).get('behavry/base/first.rego')).toBe(policy('first', 'a'));
    await system.activate(tenant, policy('second', 'b'));
    const second = await newerThan(first.headers['x-bundle-revision']);
    expect(second.headers['x-bundle-revision']).toBe('20260317T143024Z');
    const manifest = JSON.parse((await unpack(second.body)).get('.manifest') ?? '') as { metadata: object };
    expect(manifest.metadata).toMatchObject({ generation: 3, policies: 2 });
    await system.app.get(Publisher).ensure(tenant, 'policy');
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
      key: (await system.publicKeyPem()) as PublicJwk & Record<string, string>,
      format: 'jwk',
    });
    expect(
      verify('sha256', Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url')),
    ).toBe(true);
    expect(documentOf(body)).toMatchObject({
      schema: 1,
      tenant_id: tenant,
      generation: 1,
      revision: headers['x-bundle-revision'],
      suspended: false,
      kill_switches: [],
      rate_limits: { agent_per_minute: 120, tenant_per_minute: 1_200, agent_concurrency: 8 },
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
    await system.within(tenant, (manager) =>
      new KillSwitchRepository(manager, tenant).insert({
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
      system.within(tenant, (manager) =>
        new TenantRepository(manager, tenant).update({ status }, new Date(START)),
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
    await withTenant(system.database, tenant, (manager) =>
      new KillSwitchRepository(manager, tenant).insert({
        id: randomUUID(),
        scope: 'tool',
        target: 'unannounced',
        reason: 'test',
        createdBy: null,
        createdByName: 'ann',
        createdAt: new Date(START),
      }),
    );
    await system.app.get(Publisher).sweep();
    const { body } = await get(`${bundlePath()}?part=config`, bearer());
    expect(documentOf(body).kill_switches.map(({ target }) => target)).toContain('unannounced');
  });
});

describe('a held poll', () => {
  it('is answered at once with the type that keeps OPA polling, when it has something', async () => {
    const { status, headers } = await get(bundlePath(), {
      ...bearer(),
      prefer: 'modes=snapshot,delta;wait=45',
    });
    expect([status, headers['content-type']]).toEqual([200, 'application/vnd.openpolicyagent.bundles']);
  });

  it('gets the new bundle as soon as it is there', async () => {
    const { headers } = await get(bundlePath(), bearer());
    const held = get(bundlePath(), {
      ...bearer(),
      prefer: 'wait=30',
      'if-none-match': headers['etag'] ?? '',
    });
    await eventually(async () => {
      expect(await waiters()).toBe(1);
    });
    const activatedAt = performance.now();
    await system.activate(tenant, policy('third', 'c'));
    const answer = await held;
    expect(answer.status).toBe(200);
    expect(String(answer.headers['x-bundle-revision']) > String(headers['x-bundle-revision'])).toBe(true);
    expect(performance.now() - activatedAt).toBeLessThan(1_000);
  });

  it('gets 304 when its time is over', async () => {
    const { headers } = await get(bundlePath(), bearer());
    const from = performance.now();
    const answer = await get(bundlePath(), {
      ...bearer(),
      prefer: 'wait=1',
      'if-none-match': headers['etag'] ?? '',
    });
    expect(answer.status).toBe(304);
    expect(performance.now() - from).toBeGreaterThan(900);
  });

  it('gets 401 at once when its token is revoked, and others of the tenant go on', async () => {
    const { id, token: doomed } = await system.addToken(tenant);
    const { headers } = await get(bundlePath(), bearer(doomed));
    const poll = (shown: string): Promise<Answer> =>
      get(bundlePath(), { ...bearer(shown), prefer: 'wait=30', 'if-none-match': headers['etag'] ?? '' });
    let isOtherHeld = true;
    const other = poll(token).finally(() => {
      isOtherHeld = false;
    });
    const held = poll(doomed);
    await eventually(async () => {
      expect(await waiters()).toBe(2);
    });
    const revokedAt = performance.now();
    await system.within(tenant, (manager) =>
      new DataPlaneTokenRepository(manager, tenant).revoke(id, new Date(START)),
    );
    expect((await held).status).toBe(401);
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    expect(isOtherHeld).toBe(true);
    expect((await get(bundlePath(), { ...bearer(doomed), 'if-none-match': '*' })).status).toBe(401);
    await system.activate(tenant, policy('fourth', 'd'));
    expect((await other).status).toBe(200);
  });

  it('is forgotten when the client goes away', async () => {
    const { headers } = await get(bundlePath(), bearer());
    const client = new AbortController();
    const held = get(
      bundlePath(),
      { ...bearer(), prefer: 'wait=30', 'if-none-match': headers['etag'] ?? '' },
      'GET',
      client.signal,
    );
    await eventually(async () => {
      expect(await waiters()).toBe(1);
    });
    client.abort();
    await expect(held).rejects.toThrow();
    await eventually(async () => {
      expect(await waiters()).toBe(0);
    });
  });

  it('gets 304 when the server stops', async () => {
    const { headers } = await get(bundlePath(), bearer());
    const held = get(bundlePath(), {
      ...bearer(),
      prefer: 'wait=30',
      'if-none-match': headers['etag'] ?? '',
    });
    await eventually(async () => {
      expect(await waiters()).toBe(1);
    });
    const from = performance.now();
    const closing = system.close();
    expect((await held).status).toBe(304);
    await closing;
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});
