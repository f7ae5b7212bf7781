import { createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from 'undici';
import type { DecisionInput, PolicyDecision, PublicJwk } from '@behavry/contracts';
import { TenantSettingsRepository } from '@behavry/db-control';
import {
  describeWithOpa,
  eventually,
  startTestOpa,
  tempDir,
  workspaceRoot,
  type TestOpa,
} from '@behavry/testing';
import { START, startBundleSystem, type BundleSystem } from './bundle-system';

function input(request: Partial<DecisionInput['request']>): DecisionInput {
  return {
    agent: { id: 'a1', roles: [], permissions: [], risk_tier: 'low', risk_score: 0 },
    request: {
      kind: 'mcp',
      phase: 'outbound',
      tool_name: 'read_file',
      action: 'read',
      action_class: 'read',
      resource: '',
      parameters: {},
      mcp_server: 'files',
      provider: '',
      model: '',
      key_source: 'none',
      resource_count: 1,
      truncated: [],
      unscanned: [],
      ...request,
    },
    session: { id: 's1' },
    requester: { id: '', channel: '', verified: false },
    workflow_session: null,
    delegation: null,
    dlp: { findings: [] },
    injection: { findings: [] },
    context: {},
  };
}

describeWithOpa('a real OPA that polls the bundle', () => {
  let system: BundleSystem;
  let tenant: string;
  let opa: TestOpa;
  let pool: Pool;

  const ask = async (
    path: string,
    method: 'GET' | 'POST' | 'PUT',
    body?: object,
  ): Promise<[number, string]> => {
    const answer = await pool.request({ path, method, ...(body ? { body: JSON.stringify(body) } : {}) });
    return [answer.statusCode, await answer.body.text()];
  };
  const decide = async (request: Partial<DecisionInput['request']> = {}): Promise<PolicyDecision> => {
    const [status, text] = await ask('/v1/data/behavry/authz/decision', 'POST', { input: input(request) });
    expect(status).toBe(200);
    return (JSON.parse(text) as { result: PolicyDecision }).result;
  };
  const decides = (
    request: Partial<DecisionInput['request']>,
    expected: Partial<PolicyDecision>,
  ): Promise<void> =>
    eventually(async () => {
      expect(await decide(request)).toMatchObject(expected);
    });

  beforeAll(async () => {
    system = await startBundleSystem();
    tenant = await system.addTenant();
    const { token } = await system.addToken(tenant);
    const folder = tempDir();
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, token);
    const key = createPublicKey({
      key: (await system.publicKeyPem()) as PublicJwk & Record<string, string>,
      format: 'jwk',
    });
    const config = {
      services: { control: { url: system.url, credentials: { bearer: { token_path: tokenFile } } } },
      keys: { 'behavry-bundle': { algorithm: 'RS256', key: key.export({ type: 'spki', format: 'pem' }) } },
      persistence_directory: folder,
      bundles: {
        behavry: {
          service: 'control',
          resource: `/api/v1/opa/bundle/${tenant}?signed_by=behavry-bundle`,
          persist: true,
          signing: { keyid: 'behavry-bundle', scope: tenant },
          polling: { min_delay_seconds: 1, max_delay_seconds: 2, long_polling_timeout_seconds: 30 },
        },
      },
      decision_logs: { console: true },
      status: { prometheus: true },
    };
    const guards = join(workspaceRoot(), 'docker', 'opa', 'system');
    opa = await startTestOpa({ config: JSON.stringify(config), files: [guards], hasAuthorization: true });
    pool = new Pool('http://localhost', { socketPath: opa.socket });
  }, 120_000);

  afterAll(async () => {
    await pool.close();
    await opa.stop();
    await system.stop();
  });

  it('activates the signed bundle of a tenant without policies and denies by default', async () => {
    await decides(
      {},
      { result: 'deny', policy: '', obligations: [], revision: '20260317T143022Z', generation: 1 },
    );
    const [status, text] = await ask('/v1/data/behavry/authz/revision', 'POST', {});
    expect([status, (JSON.parse(text) as { result: string }).result]).toEqual([200, '20260317T143022Z']);
  });

  it('is an OPA that evaluates every rule: one that leaves some out has no revision to tell', async () => {
    const [, probe] = await ask('/v1/data/behavry/fold/evaluates_all', 'POST', {});
    expect(JSON.parse(probe)).toMatchObject({ result: true });
    const [, revision] = await ask('/v1/data/behavry/authz/revision', 'POST', {});
    expect(JSON.parse(revision)).toMatchObject({ result: expect.stringMatching(/^\d{8}T\d{6}Z$/) as string });
  });

  it('decides by a policy within a second of its activation', async () => {
    const from = performance.now();
    await system.activate(
      tenant,
      'package behavry.base.reads\n\nallow contains {"policy": "reads", "reason": "reading is fine"} if input.request.action == "read"\n',
      { everything: false, tools: [], servers: [], actions: ['read'], when: [] },
    );
    await decides(
      {},
      {
        result: 'allow',
        policy: 'behavry.base.reads',
        reason: 'reading is fine',
        revision: '20260317T143023Z',
      },
    );
    expect(performance.now() - from).toBeLessThan(2_000);
    const { policy, policy_id, version, contributions, generation } = await decide();
    expect({ policy_id, version, generation }).toEqual({
      policy_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      version: 1,
      generation: 2,
    });
    expect(contributions).toEqual([{ policy, policy_id, version, verdict: 'allow' }]);
    expect(await decide({ action: 'write', action_class: 'write' })).toMatchObject({
      result: 'deny',
      policy: '',
    });
  });

  it('decides by a policy in the simple form', async () => {
    await system.activate(
      tenant,
      'package behavry.authz.mine\n\ndefault deny := false\n\ndeny if input.request.parameters.secret\n\nallow if input.request.tool_name == "send"\n\nescalate := true if input.request.tool_name == "ask"\n',
    );
    await decides({ tool_name: 'send', action: 'send' }, { result: 'allow', policy: 'behavry.authz.mine' });
    expect(await decide({ parameters: { secret: true } })).toMatchObject({
      result: 'deny',
      policy: 'behavry.authz.mine',
    });
    expect(await decide({ tool_name: 'ask', action: 'ask' })).toMatchObject({ result: 'escalate' });
  });

  it('judges the blast radius by the tenant’s own thresholds', async () => {
    const shallow = {
      action: 'delete',
      action_class: 'delete',
      tool_name: 'delete',
      parameters: { path: '/srv/data/x' },
    };
    expect(await decide(shallow)).toMatchObject({ result: 'deny', policy: '' });
    await system.within(tenant, async (manager) => {
      const settings = new TenantSettingsRepository(manager, tenant);
      await settings.lock(new Date(START));
      await settings.change('blastRadius', { min_delete_depth: 4 }, 1, new Date(START));
    });
    await decides(shallow, { result: 'deny', policy: 'behavry.base.blast_radius' });
  });

  it('carries obligations of a restriction', async () => {
    await system.activate(
      tenant,
      'package behavry.base.small\n\nrestrict contains {"policy": "small", "reason": "r", "obligations": [{"name": "max_result_bytes", "value": 10}]} if input.request.tool_name == "big"\n',
    );
    await decides(
      { tool_name: 'big', action: 'get' },
      { result: 'restrict', obligations: [{ name: 'max_result_bytes', value: 10 }] },
    );
  });

  it('takes names and texts that JSON writers disagree about', async () => {
    await system.activate(
      tenant,
      'package behavry.base.odd\n\nallow contains {"policy": "odd", "reason": "ok"} if startswith(input.request.tool_name, "odd")\n',
      {
        everything: false,
        tools: ['odd\u2028<&>', 'odd\u{1F600}', 'odd\uFF61', 'odd "\\/\u007f'],
        servers: [],
        actions: [],
        when: [],
      },
    );
    for (const tool of ['odd\u2028<&>', 'odd\u{1F600}', 'odd\uFF61', 'odd "\\/\u007f']) {
      await decides({ tool_name: tool, action: 'odd' }, { result: 'allow', policy: 'behavry.base.odd' });
    }
  });

  it('is closed to everybody who wants more than a decision', async () => {
    expect((await ask('/v1/policies', 'GET'))[0]).toBe(401);
    expect((await ask('/v1/data', 'GET'))[0]).toBe(401);
    expect((await ask('/v1/data/behavry/authz/decision', 'GET'))[0]).toBe(401);
    expect((await ask('/v1/config', 'GET'))[0]).toBe(401);
    expect((await ask('/v1/query', 'POST', { query: 'data' }))[0]).toBe(401);
    expect((await ask('/v1/data/system', 'POST', {}))[0]).toBe(401);
    expect((await ask('/v1/policies/x', 'PUT', {}))[0]).toBe(401);
    expect((await ask('/health?bundles', 'GET'))[0]).toBe(200);
    expect((await ask('/metrics', 'GET'))[0]).toBe(200);
    expect((await ask('/v1/status', 'GET'))[0]).toBe(200);
  });
});
