import { randomUUID } from 'node:crypto';
import {
  AgentRepository,
  contentCounters,
  KillSwitchRepository,
  McpServerRepository,
  TenantRepository,
  type ContentCounters,
  type PlanTier,
} from '@behavry/db-control';
import { withTenant } from '@behavry/platform';
import { describeWithOpa, startTestPostgres, type TestPostgres } from '@behavry/testing';
import {
  eventually,
  startPolicyService,
  type Answer,
  type CallOptions,
  type RunningPolicyService,
} from './running-policy-service';

const SERVERS = '/api/v1/mcp-servers';
const SWITCHES = '/api/v1/kill-switch';

describeWithOpa('registry, kill switches and settings', () => {
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

  const remote = (id: string): object => ({
    id,
    name: 'Files',
    transport: 'streamable-http',
    url: 'https://files.test/mcp',
    headers: { authorization: 'env:BEHAVRY_SECRET_FILES', 'x-team': 'blue' },
  });

  function counters(): Promise<ContentCounters> {
    return withTenant(service.database, service.tenantId, (manager) =>
      contentCounters(manager, service.tenantId),
    );
  }

  /** Runs a change and says which documents it will make anew. */
  async function touching(change: () => Promise<unknown>): Promise<{ policy: boolean; config: boolean }> {
    const before = await counters();
    await change();
    const after = await counters();
    return { policy: after.policy > before.policy, config: after.config > before.config };
  }

  it('registers, reads, replaces and removes a server, and each change makes a new config document', async () => {
    let made: Answer | undefined;
    expect(await touching(async () => (made = await service.call('POST', SERVERS, remote('files'))))).toEqual(
      {
        policy: false,
        config: true,
      },
    );
    expect(made).toMatchObject({ status: 201, headers: { etag: '"1"' } });
    expect(made?.json).toMatchObject({ id: 'files', enabled: true, command: null, args: [], env: {} });
    expect((await service.call('POST', SERVERS, remote('files'))).json.code).toBe('conflict');
    const put = (etag: string): Promise<Answer> =>
      service.call(
        'PUT',
        `${SERVERS}/files`,
        { ...remote('files'), id: undefined, enabled: false },
        { headers: { 'if-match': etag } },
      );
    expect((await put('"7"')).status).toBe(412);
    expect((await put('"1"')).json).toMatchObject({ enabled: false, etag: '"2"' });
    const entries = await withTenant(service.database, service.tenantId, (manager) =>
      new McpServerRepository(manager, service.tenantId).entries(),
    );
    expect(entries).toEqual([
      {
        id: 'files',
        name: 'Files',
        transport: 'streamable-http',
        url: 'https://files.test/mcp',
        headers: { authorization: 'env:BEHAVRY_SECRET_FILES', 'x-team': 'blue' },
        command: null,
        args: [],
        env: {},
        enabled: false,
      },
    ]);
    expect((await service.call('GET', SERVERS, undefined, { role: 'viewer' })).json).toMatchObject({
      total: 1,
    });
    const other: CallOptions = { tenantId: await service.addTenant() };
    expect((await service.call('GET', `${SERVERS}/files`, undefined, other)).status).toBe(404);
    expect((await service.call('POST', SERVERS, remote('files'), other)).status).toBe(201);
    expect((await service.call('DELETE', `${SERVERS}/files`)).status).toBe(204);
    expect((await service.call('DELETE', `${SERVERS}/files`)).status).toBe(404);
  });

  it('keeps literal secrets, other schemes and strange ids out', async () => {
    const send = async (change: object): Promise<unknown> => {
      const { status, json } = await service.call('POST', SERVERS, { ...remote('bad'), ...change });
      return [status, json.errors?.[0]?.field];
    };
    expect(await send({ headers: { Authorization: 'Bearer abc' } })).toEqual([422, 'headers.Authorization']);
    expect(await send({ url: 'https://user:pw@files.test/' })).toEqual([422, 'url']);
    expect(await send({ url: 'file:///etc/passwd' })).toEqual([422, 'url']);
    expect(await send({ id: 'Bad_Id' })).toEqual([422, 'id']);
    expect(await send({ extra: 1 })).toEqual([422, 'extra']);
    expect((await service.call('POST', SERVERS, remote('bad'), { role: 'analyst' })).status).toBe(403);
  });

  it('throws a kill switch once, tells whoever listens at the commit, and releases it', async () => {
    const agentId = await addAgent();
    service.heard.length = 0;
    const body = { scope: 'agent', target: agentId.toUpperCase(), reason: 'runs wild' };
    expect((await service.call('POST', SWITCHES, body)).status).toBe(403);
    const made = await service.call('POST', SWITCHES, body, { role: 'admin' });
    expect([made.status, made.json.target, made.json.created_by]).toEqual([201, agentId, 'the-admin']);
    await eventually(() => {
      expect(service.heard).toContain(`${service.tenantId} config`);
    });
    const again = await service.call('POST', SWITCHES, body, { role: 'admin' });
    expect([again.status, again.json.id]).toEqual([200, made.json.id]);
    expect((await service.call('GET', SWITCHES, undefined, { role: 'viewer' })).json.total).toBe(1);
    const path = `${SWITCHES}/${String(made.json.id)}`;
    const foreign = await service.call('DELETE', path, undefined, {
      role: 'admin',
      tenantId: await service.addTenant(),
    });
    expect(foreign.status).toBe(404);
    expect((await service.call('DELETE', path, undefined, { role: 'admin' })).status).toBe(204);
    expect((await service.call('GET', SWITCHES)).json).toEqual({ kill_switches: [], total: 0 });
  });

  it('refuses a kill switch that would stop nothing', async () => {
    const send = async (body: object): Promise<number> =>
      (await service.call('POST', SWITCHES, { reason: 'r', ...body }, { role: 'admin' })).status;
    expect(await send({ scope: 'agent', target: randomUUID() })).toBe(422);
    expect(await send({ scope: 'mcp_server', target: 'nothing' })).toBe(422);
    expect(await send({ scope: 'tenant', target: randomUUID() })).toBe(422);
    expect(await send({ scope: 'planet', target: 'earth' })).toBe(422);
    expect(await send({ scope: 'tenant' })).toBe(201);
    expect(await send({ scope: 'tool', target: 'files/delete_file' })).toBe(201);
    expect(await send({ scope: 'model', target: 'gpt-5' })).toBe(201);
    const carried = await withTenant(service.database, service.tenantId, (manager) =>
      new KillSwitchRepository(manager, service.tenantId).entries(),
    );
    expect(carried).toContainEqual(expect.objectContaining({ scope: 'model', target: 'gpt-5' }));
  });

  it('has the documented bounds until a tenant sets its own, which concern both documents', async () => {
    const path = '/api/v1/blast-radius';
    const defaults = await service.call('GET', path);
    expect(defaults.json).toMatchObject({
      min_delete_depth: 3,
      email_recipient_limit: 10,
      bulk_action_threshold: 50,
    });
    const etag = String(defaults.headers['etag']);
    const put = (body: object): Promise<Answer> =>
      service.call('PUT', path, body, { headers: { 'if-match': etag } });
    expect((await put({ min_delete_depth: 0 })).status).toBe(422);
    expect(await touching(() => put({ bulk_action_threshold: 5 }))).toEqual({ policy: true, config: true });
    expect((await service.call('GET', path)).json).toEqual({ ...defaults.json, bulk_action_threshold: 5 });
    expect((await put({ bulk_action_threshold: 6 })).status).toBe(412);
  });

  it('has the limits of the plan until a tenant sets its own, of which null is none', async () => {
    const path = '/api/v1/rate-limits';
    const trial = { agent_per_minute: 120, tenant_per_minute: 1_200, agent_concurrency: 8 };
    expect((await service.call('GET', path)).json).toEqual(trial);
    const put = (body: object): Promise<Answer> => service.call('PUT', path, body);
    expect(await touching(() => put({ agent_per_minute: 60 }))).toEqual({ policy: false, config: true });
    expect((await put({ tenant_per_minute: 600 })).json).toEqual({
      agent_per_minute: 60,
      tenant_per_minute: 600,
      agent_concurrency: 8,
    });
    const grow = (planTier: PlanTier): Promise<void> =>
      withTenant(service.database, service.tenantId, (manager) =>
        new TenantRepository(manager, service.tenantId).update({ planTier }, new Date()),
      );
    expect(await touching(() => grow('professional'))).toEqual({ policy: false, config: true });
    // What the tenant set stays; the rest follows the plan.
    expect((await service.call('GET', path)).json).toEqual({
      agent_per_minute: 60,
      tenant_per_minute: 600,
      agent_concurrency: 32,
    });
    await grow('trial');
    expect((await put({ agent_concurrency: 3 })).json).toMatchObject({ agent_concurrency: 3 });
    expect((await put({ agent_concurrency: 0 })).status).toBe(422);
    expect((await put({ agent_per_minute: null })).json).toEqual({
      agent_per_minute: null,
      tenant_per_minute: 600,
      agent_concurrency: 3,
    });
    for (const bad of [0, 1.5, '60', -1]) expect((await put({ agent_per_minute: bad })).status).toBe(422);
  });

  it('counts changes of agents too, and drafts not at all', async () => {
    expect(await touching(addAgent)).toEqual({ policy: false, config: true });
    const draft = { name: 'd', category: 'base', content: 'package behavry.base.drafted\n\nx := 1\n' };
    expect(await touching(() => service.call('POST', '/api/v1/policies', draft))).toEqual({
      policy: false,
      config: false,
    });
  });

  async function addAgent(): Promise<string> {
    const id = randomUUID();
    await withTenant(service.database, service.tenantId, (manager) =>
      new AgentRepository(manager, service.tenantId).insert({
        id,
        name: 'a',
        agentType: 'custom',
        owner: null,
        clientId: id,
        secretSha256: Buffer.alloc(32),
        roles: [],
        permissions: [],
        createdAt: new Date(),
      }),
    );
    return id;
  }
});
