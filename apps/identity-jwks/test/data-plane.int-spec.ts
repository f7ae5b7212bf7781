import { generateKeyPairSync } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'pg';
import { Agent } from 'undici';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import {
  CONFIG_DOCUMENT_SCHEMA,
  type AgentEntry,
  type ConfigDocument,
  type PublicJwk,
} from '@behavry/contracts';
import { createLogger, ManualClock, PlaneSignalBus, publicJwkOf, sha256Hex } from '@behavry/platform';
import { eventually, putAsOwner, startTestPostgres, tempDir, type TestPostgres } from '@behavry/testing';
import { ControlKeys } from '../src/keys/control-keys';
import { startIdentity, type RunningIdentity } from './running-identity';

const TENANT = '0197a000-0000-7000-8000-000000000001';

describe('identity-jwks on a data plane', () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const folder = tempDir();
  const fetched: string[] = [];
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let postgres: TestPostgres;
  let controlPlane: Server;
  let settings: Parameters<typeof startIdentity>[1];
  let dbUrl: string;
  let identity: RunningIdentity;

  beforeAll(async () => {
    controlPlane = createServer((request, response) => {
      fetched.push(request.url ?? '');
      response.end(JSON.stringify({ keys: [publicJwkOf(publicKey, 'behavry-rs256')] }));
    });
    await new Promise<void>((resolve) => controlPlane.listen(0, '127.0.0.1', resolve));
    postgres = await startTestPostgres();
    dbUrl = await postgres.createDatabase();
    settings = {
      mode: 'data-plane',
      tenantId: TENANT,
      deploymentId: 'dp-test-01',
      controlPlaneUrl: `http://127.0.0.1:${String((controlPlane.address() as AddressInfo).port)}`,
    };
    identity = await startIdentity(dbUrl, settings, clock, folder);
  }, 120_000);

  afterAll(async () => {
    await identity.stop();
    controlPlane.close();
    await postgres.stop();
  });

  const config = (agents: readonly AgentEntry[], suspended = false): Promise<number> =>
    putAsOwner(identity.app, 'config', documentWith(agents, suspended));

  it('trusts itself for agents and people, and its control plane for agents alone', async () => {
    await eventually(() => {
      const { issuers } = identity.state.get('issuers')?.value ?? { issuers: [] };
      expect(issuers).toMatchObject([
        {
          iss: 'behavry:dp-test-01',
          audiences: ['behavry:agent', 'behavry:person'],
          keys: [{ kid: 'behavry-dp-dp-test-01' }],
        },
        { iss: 'behavry', audiences: ['behavry:agent'], keys: [{ kid: 'behavry-rs256' }] },
      ]);
    });
    expect(new Set(fetched)).toEqual(new Set(['/.well-known/jwks.json']));
    const { json } = await identity.call('GET', '/.well-known/jwks.json');
    expect(json['keys']).toMatchObject([{ kid: 'behavry-dp-dp-test-01' }]);
  });

  it('signs its local administrator in, who is no super-administrator', async () => {
    const login = { username: 'admin', password: 'correct horse' };
    const { status, json } = await identity.call('POST', '/api/v1/auth/admin/login', { body: login });
    expect(status).toBe(200);
    const token = String(json['access_token']);
    const me = await identity.call('GET', '/api/v1/auth/me', { token });
    expect(me.json).toEqual({ username: 'admin', roles: ['admin'], tenant_id: TENANT, super_admin: false });
    const users = await identity.call('GET', '/api/v1/admin/users', { token });
    expect(users.json).toMatchObject({ total: 1, users: [{ username: 'admin' }] });
    for (const path of ['/api/v1/agents', '/api/v1/super-admin/tenants', '/api/v1/enrollment/tokens']) {
      expect([path, (await identity.call('GET', path, { token })).status]).toEqual([path, 404]);
    }
    const signup = await identity.call('POST', '/api/v1/signup', { body: {} });
    expect([signup.status, signup.json['code']]).toEqual([409, 'managed_by_control_plane']);
    expect(String(signup.json['detail'])).toContain(String(settings.controlPlaneUrl));
  });

  it('gives tokens to agents of its config document, and looks once for one it does not know', async () => {
    const stranger = { client_id: 'agt_new', client_secret: 'acs_new' };
    await config([agent('agt_old', 'acs_old')]);
    const known = await identity.call('POST', '/api/v1/auth/token', {
      body: { client_id: 'agt_old', client_secret: 'acs_old' },
    });
    expect(known.status).toBe(200);
    const token = String(known.json['access_token']);
    expect(decodeProtectedHeader(token).kid).toBe('behavry-dp-dp-test-01');
    expect(decodeJwt(token)).toMatchObject({
      iss: 'behavry:dp-test-01',
      aud: 'behavry:agent',
      tenant_id: TENANT,
    });

    const deaf = identity.app.get(PlaneSignalBus).on('config.wanted', () => {
      void config([agent('agt_old', 'acs_old'), agent('agt_new', 'acs_new')]);
    });
    const enrolled = await identity.call('POST', '/api/v1/auth/token', { body: stranger });
    deaf();
    expect(enrolled.status).toBe(200);

    await config([{ ...agent('agt_old', 'acs_old'), status: 'suspended' }]);
    const suspended = await identity.call('POST', '/api/v1/auth/token', {
      body: { client_id: 'agt_old', client_secret: 'acs_old' },
    });
    expect(suspended.status).toBe(403);
  });

  it('gives no tokens to agents of a suspended tenant, while its administrators may look', async () => {
    const grant = { client_id: 'agt_old', client_secret: 'acs_old' };
    const ask = () => identity.call('POST', '/api/v1/auth/token', { body: grant });
    await config([agent('agt_old', 'acs_old')], true);
    expect([(await ask()).status, (await ask()).json['code']]).toEqual([403, 'agent_suspended']);
    const { status, json } = await identity.call('POST', '/api/v1/auth/admin/login', {
      body: { username: 'admin', password: 'correct horse' },
    });
    expect(status).toBe(200);
    const token = String(json['access_token']);
    expect((await identity.call('GET', '/api/v1/auth/me', { token })).status).toBe(200);
    await config([agent('agt_old', 'acs_old')]);
    expect((await ask()).status).toBe(200);
  });

  it("issues no token that is older than the end of the agent's earlier ones", async () => {
    const notBefore = clock.now() + 700;
    const entry = { ...agent('agt_old', 'acs_old'), tokens_not_before: new Date(notBefore).toISOString() };
    await config([entry]);
    const { json } = await identity.call('POST', '/api/v1/auth/token', {
      body: { client_id: 'agt_old', client_secret: 'acs_old' },
    });
    expect((decodeJwt(String(json['access_token'])).iat ?? 0) * 1000).toBeGreaterThanOrEqual(notBefore);
  });

  it("ends a disabled local person's token without a restart", async () => {
    const { json } = await identity.call('POST', '/api/v1/auth/admin/login', {
      body: { username: 'admin', password: 'correct horse' },
    });
    const token = String(json['access_token']);
    const me = async (): Promise<number> => (await identity.call('GET', '/api/v1/auth/me', { token })).status;
    expect(await me()).toBe(200);
    const owner = new Client({ connectionString: dbUrl });
    await owner.connect();
    await owner.query(`UPDATE data.people SET status = 'disabled', updated_at = updated_at`);
    await eventually(async () => expect(await me()).toBe(401), { timeoutMs: 5_000 });
    await owner.query(`UPDATE data.people SET status = 'active'`);
    await owner.end();
    await eventually(() =>
      expect(Object.keys(identity.state.get('people')?.value.people ?? {})).toHaveLength(1),
    );
    // What was ended stays ended.
    expect(await me()).toBe(401);
  });

  it('answers 401 when the agent stays unknown', async () => {
    const { status, json } = await identity.call('POST', '/api/v1/auth/token', {
      body: { client_id: 'agt_nobody', client_secret: 'x' },
    });
    expect([status, json['code']]).toEqual([401, 'invalid_credentials']);
  });

  it("keeps its key and the control plane's last good keys over a restart without a control plane", async () => {
    const before = (await identity.call('GET', '/.well-known/jwks.json')).text;
    await identity.stop();
    identity = await startIdentity(
      dbUrl,
      { ...settings, controlPlaneUrl: 'http://127.0.0.1:9' },
      clock,
      folder,
    );
    expect((await identity.call('GET', '/.well-known/jwks.json')).text).toBe(before);
    expect(identity.state.get('issuers')?.value.issuers[1]).toMatchObject({
      iss: 'behavry',
      keys: [{ kid: 'behavry-rs256' }],
    });
  });
});

describe('the keys of the control plane', () => {
  afterEach(() => jest.useRealTimers());

  it('are fetched at the start and every hour', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    let round = 0;
    const server = createServer((_request, response) => {
      round += 1;
      response.end(JSON.stringify({ keys: [publicJwkOf(publicKey, `key-${String(round)}`)] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const keys = keysOf(server);
    const fetched: string[] = [];
    const changed = new EventEmitter();
    keys.start((set) => {
      fetched.push(...set.map(({ kid }) => kid));
      changed.emit('set');
    });
    await once(changed, 'set');
    // The wait for the next round begins after its set was told.
    await new Promise(setImmediate);
    await jest.advanceTimersByTimeAsync(3_599_000);
    expect(fetched).toEqual(['key-1']);
    const again = once(changed, 'set');
    await jest.advanceTimersByTimeAsync(1_000);
    await again;
    expect(fetched).toEqual(['key-1', 'key-2']);
    await keys.close();
    server.close();
  });
});

describe('a pinned key of the control plane', () => {
  it('is not replaced by a fetched one of the same id, while a key of another id is taken', async () => {
    const [pinned, other] = [1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);
    if (!pinned || !other) throw new Error('no keys');
    const server = createServer((_request, response) => {
      const keys = [publicJwkOf(other, 'behavry-rs256'), publicJwkOf(other, 'behavry-rs256-next')];
      response.end(JSON.stringify({ keys }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const keys = keysOf(server, String(pinned.export({ type: 'spki', format: 'pem' })));
    const fetched = await new Promise<readonly PublicJwk[]>((resolve) => {
      keys.start(resolve);
    });
    await keys.close();
    server.close();
    expect(fetched).toEqual([publicJwkOf(pinned, 'behavry-rs256'), publicJwkOf(other, 'behavry-rs256-next')]);
  });
});

function keysOf(server: Server, publicKeyPem?: string): ControlKeys {
  return new ControlKeys({
    controlPlaneUrl: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    http: new Agent(),
    publicKeyPem,
    dataDir: tempDir(),
    told: [],
    clock: new ManualClock(Date.UTC(2026, 0, 1)),
    log: createLogger('identity-jwks', 'silent', {}),
  });
}

function agent(clientId: string, secret: string): AgentEntry {
  return {
    id: `id of ${clientId}`,
    name: clientId,
    agent_type: 'custom',
    status: 'active',
    client_id: clientId,
    secret_sha256: sha256Hex(secret),
    roles: [],
    permissions: [],
    tokens_not_before: null,
  };
}

function documentWith(agents: readonly AgentEntry[], suspended = false): ConfigDocument {
  return {
    schema: CONFIG_DOCUMENT_SCHEMA,
    tenant_id: TENANT,
    revision: '20260101T000000Z',
    generation: 1,
    suspended,
    kill_switches: [],
    agents,
    mcp_servers: [],
    dlp_patterns: [],
    blast_radius: {
      min_delete_depth: 3,
      email_recipient_limit: 10,
      bulk_action_threshold: 50,
      config_paths: [],
      protected_files: [],
    },
    rate_limits: { agent_per_minute: null, tenant_per_minute: null, agent_concurrency: null },
    escalation: { deadline_seconds: { low: 1, medium: 1, high: 1, critical: 1 } },
    data_protection: { payload_mode: 'metadata_only', retention_days: 1 },
  };
}
