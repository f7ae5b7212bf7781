import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AUDIT_EVENTS_QUEUE, CLAIM_PATH, type ConfigDocument, type SpoolEntry } from '@behavry/contracts';
import { BLAST_RADIUS_DEFAULTS, bundleFiles, bundleManifest } from '@behavry/domain';
import {
  AGENT_AUDIENCE,
  createLogger,
  createService,
  loadConfig,
  migratePlane,
  PlaneKeys,
  PlaneState,
  publicJwkOf,
  QueueBroker,
  ServiceContext,
} from '@behavry/platform';
import {
  eventually,
  freePort,
  startTestOpa,
  startTestPostgres,
  tempDir,
  workspaceRoot,
  type TestOpa,
  type TestPostgres,
} from '@behavry/testing';
import { LLM_PROXY } from '../src/llm-proxy.definition';
import { LlmProxyConfig } from '../src/llm-proxy.config';

export const TENANT = '019a0000-0000-7000-8000-000000000001';
export const AGENT = '019a0000-0000-7000-8000-0000000000a1';
export const PLANE_KEY = 'sk-plane-key-of-this-test';

/** What the provider was sent. */
export interface Seen {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly aborted: boolean;
}

/** An llm-proxy with everything real around it: PostgreSQL, OPA with the shipped policies, a provider's process. */
export class LlmPlane {
  readonly entries: SpoolEntry[] = [];
  readonly #signer = generateKeyPairSync('rsa', { modulusLength: 2048 });
  readonly #provider: ChildProcess;
  #document!: ConfigDocument;

  private constructor(
    private readonly postgres: TestPostgres,
    readonly opa: TestOpa,
    provider: ChildProcess,
    readonly providerUrl: string,
    private readonly worker: Server,
    /** What escalation-worker was asked. */
    readonly claims: readonly unknown[],
    readonly context: ServiceContext<LlmProxyConfig>,
    readonly app: NestFastifyApplication,
    readonly url: string,
  ) {
    this.#provider = provider;
  }

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<LlmPlane> {
    const postgres = await startTestPostgres();
    const ownerUrl = await postgres.createDatabase();
    const keys = PlaneKeys.readOrMake(join(tempDir(), 'plane.key'));
    const log = createLogger('llm-proxy', 'silent', {});
    await migratePlane({ ownerUrl, schemas: [], keys, log });
    const opa = await startTestOpa({ config: opaConfig(writeBundle()) });
    const provider = spawn(process.execPath, [join(__dirname, 'fake-openai.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [port] = (await once(provider.stdout, 'data')) as [Buffer];
    const providerUrl = `http://127.0.0.1:${port.toString().trim()}`;
    const claims: unknown[] = [];
    const worker = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        claims.push(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        response.statusCode = request.url === CLAIM_PATH ? 200 : 404;
        response.end(
          JSON.stringify({
            state: 'pending',
            escalation_id: 'esc-1',
            expires_at: '2030-01-01T00:00:00.000Z',
          }),
        );
      });
    }).listen(0, '127.0.0.1');
    await once(worker, 'listening');
    const config = loadConfig(LlmProxyConfig, {
      BEHAVRY_DB_URL: ownerUrl,
      BEHAVRY_PORT: String(await freePort()),
      BEHAVRY_DATA_DIR: tempDir(),
      BEHAVRY_OPA_SOCKET: opa.socket,
      BEHAVRY_OPENAI_BASE_URL: `${providerUrl}/v1`,
      BEHAVRY_SECRET_OPENAI_KEY: PLANE_KEY,
      BEHAVRY_ESCALATION_OPS_URL: `http://127.0.0.1:${String((worker.address() as AddressInfo).port)}`,
      BEHAVRY_ESCALATION_HOLD_SECONDS: '0',
      ...environment,
    });
    const context = new ServiceContext('llm-proxy', 'test', config, keys, log);
    const app = await createService(LLM_PROXY, context);
    await app.listen(0, '127.0.0.1');
    const address = app.getHttpServer().address() as AddressInfo;
    const plane = new LlmPlane(
      postgres,
      opa,
      provider,
      providerUrl,
      worker,
      claims,
      context,
      app,
      `http://127.0.0.1:${String(address.port)}`,
    );
    await plane.#prepare();
    return plane;
  }

  /** The agent's token. */
  token(claims: Readonly<Record<string, unknown>> = {}): string {
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${encode({ alg: 'RS256', kid: 'k' })}.${encode({
      iss: 'behavry',
      aud: AGENT_AUDIENCE,
      sub: AGENT,
      jti: 's1',
      tenant_id: TENANT,
      roles: ['dev'],
      permissions: [],
      exp: Math.floor(Date.now() / 1000) + 3600,
      ...claims,
    })}`;
    return `${text}.${sign('sha256', Buffer.from(text), this.#signer.privateKey).toString('base64url')}`;
  }

  async configure(changes: Partial<ConfigDocument>): Promise<void> {
    this.#document = { ...this.#document, ...changes, generation: this.#document.generation + 1 };
    await this.app.get(PlaneState).put('config', this.#document);
  }

  async seen(): Promise<readonly Seen[]> {
    return (await (await fetch(`${this.providerUrl}/__seen`)).json()) as Seen[];
  }

  /** Both records of an exchange, once they were sent to the writer. */
  async record(id: string | null): Promise<Record<string, unknown>> {
    return eventually(() => {
      const own = this.entries.filter((entry) => entry.id === id);
      if (own.length < 2) throw new Error(`exchange ${String(id)} has ${String(own.length)} of 2 records`);
      const [first, last] = own;
      return {
        ...first,
        ...last,
        type: 'record',
        dlp_findings: own.flatMap(({ dlp_findings: findings }) => findings),
        dlp_action: last?.dlp_action === 'none' ? first?.dlp_action : last?.dlp_action,
        extra: { ...first?.extra, ...last?.extra },
      };
    });
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.context.close();
    this.#provider.kill();
    this.worker.close();
    await this.opa.stop();
    await this.postgres.stop();
  }

  async #prepare(): Promise<void> {
    const state = this.app.get(PlaneState);
    this.#document = {
      schema: 1,
      tenant_id: TENANT,
      revision: '20260101T000000Z',
      generation: 1,
      kill_switches: [],
      agents: [
        {
          id: AGENT,
          name: 'one',
          agent_type: 'test',
          status: 'active',
          client_id: 'c1',
          secret_sha256: '',
          roles: ['dev'],
          permissions: [],
        },
      ],
      mcp_servers: [],
      dlp_patterns: [],
      blast_radius: BLAST_RADIUS_DEFAULTS,
      rate_limits: { agent_per_minute: null, tenant_per_minute: null },
      escalation: { deadline_seconds: { low: 86_400, medium: 14_400, high: 1_800, critical: 300 } },
      data_protection: { payload_mode: 'metadata_only', retention_days: 30 },
    };
    await state.put('config', this.#document);
    await state.put('issuers', {
      issuers: [
        { iss: 'behavry', keys: [publicJwkOf(this.#signer.publicKey, 'k')], audiences: [AGENT_AUDIENCE] },
      ],
    });
    this.app.get(QueueBroker).consume(AUDIT_EVENTS_QUEUE, async ({ spool_id: spool, first, entries }) => {
      this.entries.push(...entries);
      await state.put('audit.positions', { spools: { [spool]: first + entries.length - 1 } });
    });
    await eventually(() => {
      if (!this.context.health.report().ready) throw new Error(JSON.stringify(this.context.health.report()));
    });
  }
}

function opaConfig(bundle: string): string {
  return JSON.stringify({ bundles: { behavry: { resource: `file://${bundle}` } } });
}

// The shipped policies and those of these tests, put together as bundle-server does.
function writeBundle(): string {
  const folder = tempDir();
  const root = join(workspaceRoot(), 'policies');
  const shipped = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.rego'))
    .map((path) => ({ path, content: readFileSync(join(root, path), 'utf8') }));
  shipped.push({
    path: 'base/models.rego',
    content: readFileSync(join(__dirname, 'policy', 'models.rego'), 'utf8'),
  });
  const files = [
    ...bundleFiles({ shipped, policies: [], settings: { blast_radius: BLAST_RADIUS_DEFAULTS } }),
    bundleManifest({ revision: 'r-test', generation: 1, digest: '', policyCount: 0 }),
  ];
  for (const { path, content } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}
