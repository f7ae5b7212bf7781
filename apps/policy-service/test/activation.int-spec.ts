import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describeWithOpa, startTestPostgres, type TestPostgres } from '@behavry/testing';
import { call, pluck, POLICIES, rego } from './policy-texts';
import {
  ownerQuery,
  startPolicyService,
  type Answer,
  type RunningPolicyService,
} from './running-policy-service';

describeWithOpa('policies in force', () => {
  let postgres: TestPostgres;
  let dbUrl: string;
  let service: RunningPolicyService;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    dbUrl = await postgres.createDatabase();
    service = await startPolicyService(dbUrl, { publishWaitSeconds: 3 });
  }, 120_000);

  afterAll(async () => {
    await service.stop();
    await postgres.stop();
  });

  /** A fresh tenant, so that tests do not see each other's active policies. */
  async function inTenant(): Promise<
    (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) => Promise<Answer>
  > {
    const tenantId = await service.addTenant();
    return (method, path, body) => service.call(method, path, body, { tenantId, role: 'admin' });
  }

  it('activates with the revision of the bundle that holds it, archives, and records who did it', async () => {
    const tenant = await inTenant();
    const made = await tenant('POST', POLICIES, {
      name: 'n',
      category: 'base',
      content: rego('kept', 'deny', 'a'),
    });
    const path = `${POLICIES}/${String(made.json.id)}`;
    const active = await tenant('POST', `${path}/activate`);
    expect(active.json).toMatchObject({ status: 'active', active_version: 1 });
    expect(active.json.bundle_revision).toMatch(/^\d{8}T\d{6}Z$/);
    await tenant('PUT', path, { content: rego('kept', 'deny', 'b') });
    expect((await tenant('GET', path)).json).toMatchObject({
      status: 'active',
      version: 2,
      active_version: 1,
    });
    const again = await tenant('POST', `${path}/activate`, { version: 2 });
    expect(again.json.active_version).toBe(2);
    expect(again.json.bundle_revision > active.json.bundle_revision).toBe(true);
    const back = await tenant('POST', `${path}/activate`, { version: 1 });
    expect([back.status, back.json.active_version]).toEqual([200, 1]);
    expect((await tenant('POST', `${path}/activate`, { version: 9 })).status).toBe(404);
    expect((await tenant('POST', `${path}/activate`, { version: 'x' })).status).toBe(422);
    expect((await tenant('POST', `${path}/activate`, { when: 'now' })).status).toBe(422);
    const archived = await tenant('POST', `${path}/archive`);
    expect(archived.json).toMatchObject({ status: 'archived', active_version: null });
    for (const action of ['activate', 'archive']) {
      const { status, json } = await tenant('POST', `${path}/${action}`);
      expect([status, json.code]).toEqual([409, 'state_conflict']);
    }
    const rows = await ownerQuery<{ action: string; username: string }>(
      dbUrl,
      'SELECT action, username FROM plane.changes WHERE target = $1 ORDER BY ts, id',
      [made.json.id],
    );
    expect(rows.map(({ action }) => action)).toEqual([
      'policy.create',
      'policy.activate',
      'policy.save',
      'policy.activate',
      'policy.activate',
      'policy.archive',
    ]);
    expect(rows[0]?.username).toBe('the-admin');
  });

  it('gives a package to one active policy only, whoever comes first', async () => {
    const tenant = await inTenant();
    const body = { name: 'n', category: 'base', content: rego('shared', 'deny', 'a') };
    const ids = [
      (await tenant('POST', POLICIES, body)).json.id,
      (await tenant('POST', POLICIES, body)).json.id,
    ];
    const answers = await Promise.all(ids.map((id) => tenant('POST', `${POLICIES}/${String(id)}/activate`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 409)?.json.code).toBe('package_conflict');
    const active = await tenant('GET', `${POLICIES}?status=active`);
    expect(active.json.total).toBe(1);
  });

  it('keeps what would break the whole bundle out of it', async () => {
    const tenant = await inTenant();
    const save = async (own: string, body: string): Promise<string> => {
      const content = `package behavry.base.${own}\n\n${body}\n`;
      return `${POLICIES}/${String((await tenant('POST', POLICIES, { name: own, category: 'base', content })).json.id)}`;
    };
    // Each is sound by itself; together their types do not fit.
    const numbers = await save('numbers', 'limit := 1');
    const reader = await save('reader', 'x if data.behavry.base.numbers.limit == "one"');
    expect((await tenant('POST', `${numbers}/activate`)).status).toBe(200);
    const refused = await tenant('POST', `${reader}/activate`);
    expect([refused.status, refused.json.errors[0]]).toEqual([
      422,
      expect.objectContaining({ code: 'rego_type_error', field: 'content', row: 3 }),
    ]);
    expect((await tenant('GET', reader)).json.status).toBe('draft');
    // Nor when the edited one is innocent by itself, and when the one that it breaks is not touched.
    const fitting = { content: 'package behavry.base.reader\n\nx if data.behavry.base.numbers.limit == 1\n' };
    await tenant('PUT', reader, fitting);
    expect((await tenant('POST', `${reader}/activate`)).status).toBe(200);
    await tenant('PUT', numbers, { content: 'package behavry.base.numbers\n\nlimit := "one"\n' });
    const breaking = await tenant('POST', `${numbers}/activate`);
    expect([breaking.status, breaking.json.errors[0].code]).toEqual([422, 'rego_type_error']);
    // A function of a policy that is not in force is no function.
    const caller = {
      name: 'c',
      category: 'base',
      content: 'package behavry.base.c\n\ny := data.behavry.base.numbers.f(2)\n',
    };
    expect((await tenant('POST', POLICIES, caller)).json.errors[0].code).toBe('rego_type_error');
  });

  it('runs the tests of a policy before it comes in force', async () => {
    const tenant = await inTenant();
    const content = rego('tested', 'deny', 'a');
    const tests = (tool: string, where = 'policy_test'): string => `package ${where}

test_denied if {
	data.behavry.authz.decision.result == "deny" with input as {"request": {"tool_name": "${tool}"}}
	data.behavry.authz.decision.policy == "behavry.base.tested" with input as {"request": {"tool_name": "${tool}"}}
}
`;
    const made = await tenant('POST', POLICIES, { name: 't', category: 'base', content, tests: tests('b') });
    const path = `${POLICIES}/${String(made.json.id)}`;
    const failed = await tenant('POST', `${path}/activate`);
    expect([failed.status, failed.json.code]).toEqual([422, 'policy_invalid']);
    expect(failed.json.errors).toEqual([
      expect.objectContaining({
        code: 'test_failed',
        field: 'tests',
        row: 3,
        message: expect.stringContaining('test_denied'),
      }),
    ]);
    expect((await tenant('GET', path)).json.status).toBe('draft');
    await tenant('PUT', path, { content, tests: tests('a') });
    expect((await tenant('POST', `${path}/activate`)).status).toBe(200);
    await tenant('PUT', path, { content, tests: tests('a', 'behavry.base.tested_test') });
    const recursive = await tenant('POST', `${path}/activate`);
    expect([recursive.status, recursive.json.errors[0].code]).toEqual([422, 'tests_recursive']);
    await tenant('PUT', path, { content, tests: 'package policy_test\n\nx := 1\n' });
    expect((await tenant('POST', `${path}/activate`)).json.errors[0].code).toBe('no_tests');
    await tenant('PUT', path, {
      content,
      tests: 'package behavry.base.tested_test\n\nx := http.send({"url": "u", "method": "get"})\n',
    });
    const reaching = await tenant('POST', `${path}/activate`);
    expect([reaching.status, reaching.json.errors[0].code]).toEqual([422, 'rego_type_error']);
  });

  it('stores an activation that no bundle follows, and says so', async () => {
    const tenant = await inTenant();
    const made = await tenant('POST', POLICIES, {
      name: 'n',
      category: 'base',
      content: rego('late', 'deny', 'a'),
    });
    const path = `${POLICIES}/${String(made.json.id)}`;
    service.setBuilding(false);
    try {
      const { status, json, headers } = await tenant('POST', `${path}/activate`);
      expect([status, json.code, headers['retry-after']]).toEqual([503, 'unavailable', '5']);
    } finally {
      service.setBuilding(true);
    }
    expect((await tenant('GET', path)).json.status).toBe('active');
    expect((await tenant('POST', `${path}/activate`)).json.bundle_revision).toMatch(/Z$/);
  });

  it('imports many policies at once, and none when one is not sound', async () => {
    const tenant = await inTenant();
    const policies = ['i1', 'i2', 'i3'].map((own) => ({
      name: own,
      category: 'base',
      content: rego(own, 'allow', own),
    }));
    const broken = { name: 'bad', category: 'base', content: 'package behavry.base.bad\n\nx :=\n' };
    const refused = await tenant('POST', `${POLICIES}/import`, {
      policies: [...policies, broken],
      activate: true,
    });
    expect([refused.status, refused.json.errors[0].field]).toEqual([422, 'policies.3.content']);
    const twins = await tenant('POST', `${POLICIES}/import`, {
      policies: [policies[0], policies[0]],
      activate: true,
    });
    expect([twins.status, twins.json.code]).toEqual([409, 'package_conflict']);
    expect((await tenant('GET', POLICIES)).json.total).toBe(0);
    const done = await tenant('POST', `${POLICIES}/import`, { policies, activate: true });
    expect([done.status, done.json.total]).toEqual([201, 3]);
    expect(done.json.bundle_revision).toMatch(/Z$/);
    expect(pluck(done.json.policies, 'status')).toEqual(['active', 'active', 'active']);
    const author = await service.call('POST', `${POLICIES}/import`, { policies });
    expect(author.status).toBe(403);
  });

  it('imports a thousand policies in one build, each with what it concerns', async () => {
    const tenant = await inTenant();
    const policies = Array.from({ length: 1000 }, (_, index) => ({
      name: `n${String(index)}`,
      category: 'base',
      content: rego(`n${String(index)}`, 'allow', `tool_${String(index)}`),
    }));
    policies[7]!.content = `# METADATA\n# custom:\n#   tools: [a, b]\n${policies[7]!.content}`;
    const { status, json } = await tenant('POST', `${POLICIES}/import`, { policies, activate: true });
    expect([status, json.total]).toEqual([201, 1000]);
    const rows = await ownerQuery<{ concerns: { tools: string[] } }>(
      dbUrl,
      'SELECT concerns FROM control.policy_versions WHERE policy_id = ANY($1) ORDER BY name',
      [[json.policies[7].id, json.policies[8].id]],
    );
    expect(rows.map(({ concerns }) => concerns.tools)).toEqual([['a', 'b'], ['tool_8']]);
    const dry = await tenant('POST', `${POLICIES}/dry-run`, { inputs: [call('tool_999')] });
    expect(dry.json.decisions[0]).toMatchObject({ result: 'allow', policy: 'behavry.base.n999' });
  }, 60_000);

  it('answers a dry run from the whole bundle, with or without a candidate', async () => {
    const tenant = await inTenant();
    const policies = [{ name: 'r', category: 'base', content: rego('reads', 'allow', 'read_file') }];
    await tenant('POST', `${POLICIES}/import`, { policies, activate: true });
    const inputs = [
      call('read_file'),
      call('other'),
      { ...call('read_file'), requester: { id: 'u', verified: false } },
    ];
    const plain = await tenant('POST', `${POLICIES}/dry-run`, { inputs });
    expect(plain.status).toBe(200);
    expect(pluck(plain.json.decisions, 'result')).toEqual(['allow', 'deny', 'allow']);
    const content = rego('stops', 'escalate', 'read_file');
    const candidate = await tenant('POST', `${POLICIES}/dry-run`, { content, inputs });
    expect(candidate.json.decisions[0]).toMatchObject({
      result: 'escalate',
      policy: 'behavry.base.stops',
      reason: 'because',
    });
    const replaced = await tenant('POST', `${POLICIES}/dry-run`, {
      content: rego('reads', 'deny', 'read_file'),
      inputs,
    });
    expect(replaced.json.decisions[0]).toMatchObject({ result: 'deny', policy: 'behavry.base.reads' });
    expect((await tenant('GET', POLICIES)).json.total).toBe(1);
  });

  it('lets a policy in the simple form decide', async () => {
    const tenant = await inTenant();
    const content =
      'package behavry.authz.mine\n\ndefault deny := false\n\ndeny if input.request.tool_name == "a"\n';
    const { json } = await tenant('POST', `${POLICIES}/dry-run`, { content, inputs: [call('a')] });
    expect(json.decisions[0]).toMatchObject({ result: 'deny', policy: 'behavry.authz.mine' });
  });

  it('leaves no folder of a check behind', () => {
    expect(
      readdirSync(tmpdir()).filter((folder) => folder.startsWith(`behavry-gate-${String(process.pid)}-`)),
    ).toEqual([]);
  });
});
