import { describeWithOpa, startTestPostgres, type TestPostgres } from '@behavry/testing';
import { pluck, POLICIES, rego } from './policy-texts';
import { startPolicyService, type Answer, type RunningPolicyService } from './running-policy-service';

describeWithOpa('policies', () => {
  let postgres: TestPostgres;
  let service: RunningPolicyService;
  let count = 0;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    service = await startPolicyService(await postgres.createDatabase());
  }, 120_000);

  afterAll(async () => {
    await service.stop();
    await postgres.stop();
  });

  async function create(body: object): Promise<Answer> {
    const answer = await service.call('POST', POLICIES, { name: 'p', category: 'base', ...body });
    expect([answer.status, answer.json.errors]).toEqual([201, undefined]);
    return answer;
  }

  /** A fresh tenant, so that tests do not see each other's active policies. */
  async function inTenant(): Promise<
    (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) => Promise<Answer>
  > {
    const tenantId = await service.addTenant();
    return (method, path, body) => service.call(method, path, body, { tenantId, role: 'admin' });
  }

  const name = (): string => `p${String((count += 1))}`;

  it('saves a draft, then versions of it, and shows what differs', async () => {
    const own = name();
    const made = await create({ name: 'first', description: 'd', content: rego(own, 'deny', 'a') });
    expect(made.json).toMatchObject({
      version: 1,
      status: 'draft',
      active_version: null,
      package: `behavry.base.${own}`,
      etag: '"1"',
    });
    expect(made.headers['etag']).toBe('"1"');
    const path = `${POLICIES}/${String(made.json.id)}`;
    const put = (etag: string, tool: string): Promise<Answer> =>
      service.call('PUT', path, { content: rego(own, 'deny', tool) }, { headers: { 'if-match': etag } });
    const saved = await put('"1"', 'b');
    expect([saved.status, saved.json.version, saved.json.name]).toEqual([200, 2, 'first']);
    const stale = await put('"1"', 'c');
    expect([stale.status, stale.json.code]).toEqual([412, 'precondition_failed']);
    const versions = await service.call('GET', `${path}/versions`, undefined, { role: 'viewer' });
    expect(versions.json.total).toBe(2);
    expect(pluck(versions.json.versions, 'version')).toEqual([2, 1]);
    expect(versions.json.versions[0].created_by).toBe('the-policy_author');
    const { json } = await service.call('GET', `${path}/diff?from=1&to=2`, undefined, { role: 'viewer' });
    expect(json.diff).toContain('-\tinput.request.tool_name == "a"\n+\tinput.request.tool_name == "b"');
    expect((await service.call('GET', `${path}/diff?from=1&to=3`)).status).toBe(404);
  });

  it('lets one of two savers of one version win', async () => {
    const own = name();
    const path = `${POLICIES}/${String((await create({ content: rego(own, 'deny', 'a') })).json.id)}`;
    const answers = await Promise.all(
      ['x', 'y', 'z'].map((tool) =>
        service.call('PUT', path, { content: rego(own, 'deny', tool) }, { headers: { 'if-match': '"1"' } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  });

  it('makes one policy for one Idempotency-Key', async () => {
    const body = { name: 'once', category: 'base', content: rego(name(), 'deny', 'a') };
    const send = (sent: object): Promise<Answer> =>
      service.call('POST', POLICIES, sent, { headers: { 'idempotency-key': 'key-1' } });
    const [first, second] = [await send(body), await send(body)];
    expect([first.status, second.status, second.json.id]).toEqual([201, 201, first.json.id]);
    const other = await send({ ...body, name: 'twice' });
    expect([other.status, other.json.code]).toEqual([409, 'conflict']);
  });

  it.each([
    ['a syntax error', 'package behavry.base.x\n\ndeny contains if {\n', 'rego_parse_error', 3],
    [
      'a built-in that reaches out',
      'package behavry.base.x\n\nx := http.send({"method": "get", "url": "u"})\n',
      'rego_type_error',
      3,
    ],
    [
      'a built-in that reads the machine',
      'package behavry.base.x\n\nx := opa.runtime().env\n',
      'rego_type_error',
      3,
    ],
    [
      'print',
      'package behavry.base.x\n\ndeny contains {"policy": "x", "reason": ""} if {\n\tprint(input)\n}\n',
      'rego_type_error',
      4,
    ],
    ['an unused variable', 'package behavry.base.x\n\ny if {\n\tz := 1\n}\n', 'rego_compile_error', 4],
    ['another category', 'package behavry.inbound.x\n', 'category_mismatch', 1],
    ['a package outside behavry', '\npackage system.authz\n', 'package_invalid', 2],
    ['no package', 'x := 1\n', 'package_missing', 1],
    ['the reserved name', 'package behavry.authz.decision\n', 'name_reserved', 1],
    ['a test package', 'package behavry.base.x_test\n', 'test_package', 1],
    [
      'a denial that the fold cannot hear',
      'package behavry.base.x\n\ndeny if input.request.tool_name == "a"\n',
      'contribution_shape',
      3,
    ],
  ])('refuses %s with its place', async (_what, content, code, row) => {
    const check = await service.call('POST', `${POLICIES}/check`, { content, category: 'base' });
    expect([check.status, check.json.ok]).toEqual([200, false]);
    expect(check.json.errors).toContainEqual(expect.objectContaining({ code, row }));
    const { status, json } = await service.call('POST', POLICIES, { name: 'x', category: 'base', content });
    expect([status, json.code]).toEqual([422, 'policy_invalid']);
    expect(json.errors).toContainEqual(expect.objectContaining({ code, row, field: 'content' }));
  });

  it('passes a sound policy in either form', async () => {
    const simple =
      'package behavry.authz.mine\n\ndefault allow := false\n\nallow if input.request.tool_name == "a"\n';
    for (const content of [rego('fine', 'deny', 'a'), simple]) {
      const { json } = await service.call('POST', `${POLICIES}/check`, { content, category: 'base' });
      expect(json).toEqual({ ok: true, errors: [] });
    }
  });

  it('refuses a text above 256 KiB', async () => {
    const content = `${rego('big', 'deny', 'a')}# ${'x'.repeat(256 * 1024)}\n`;
    const { status, json } = await service.call('POST', POLICIES, { name: 'x', category: 'base', content });
    expect([status, json.code]).toEqual([413, 'payload_too_large']);
  });

  it('keeps a tenant from seeing or touching what is another one’s', async () => {
    const { json } = await create({ content: rego(name(), 'deny', 'a') });
    const tenant = await inTenant();
    const path = `${POLICIES}/${String(json.id)}`;
    for (const [method, at] of [
      ['GET', path],
      ['POST', `${path}/activate`],
      ['POST', `${path}/archive`],
      ['GET', `${path}/versions`],
      ['GET', `${path}/diff?from=1&to=1`],
    ] as const) {
      expect([at, (await tenant(method, at)).status]).toEqual([at, 404]);
    }
    expect((await tenant('GET', POLICIES)).json.total).toBe(0);
  });

  it('asks for the right role, and for a person before it says what exists', async () => {
    const paths = [POLICIES, '/api/v1/dlp/patterns', '/api/v1/workflows', '/api/v1/siem/alerts'];
    for (const path of paths)
      expect([path, (await service.call('GET', path, undefined, { role: null })).status]).toEqual([
        path,
        401,
      ]);
    for (const path of paths.slice(1))
      expect([path, (await service.call('GET', path)).status]).toEqual([path, 404]);
    const body = { name: 'x', category: 'base', content: rego(name(), 'deny', 'a') };
    expect((await service.call('POST', POLICIES, body, { role: 'analyst' })).status).toBe(403);
    expect((await service.call('GET', POLICIES, undefined, { role: 'viewer' })).status).toBe(200);
  });
});

describeWithOpa('policy-service without the opa command', () => {
  it('says what to install', async () => {
    const postgres = await startTestPostgres();
    const service = await startPolicyService(await postgres.createDatabase(), { opaBin: '/nowhere/opa' });
    try {
      const body = { content: rego('x', 'deny', 'a'), category: 'base' };
      const { status, json } = await service.call('POST', `${POLICIES}/check`, body);
      expect([status, json.code]).toEqual([503, 'component_missing']);
      expect(json.detail).toContain('BEHAVRY_OPA_BIN');
    } finally {
      await service.stop();
      await postgres.stop();
    }
  });
});
