import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  AUDIT_EVENTS_QUEUE,
  CLAIM_PATH,
  type ClaimAnswer,
  type ClaimRequest,
  type ConfigDocument,
  type McpServerEntry,
  type SpoolEntry,
} from '@behavry/contracts';
import { BLAST_RADIUS_DEFAULTS } from '@behavry/domain';
import {
  createLogger,
  createService,
  migratePlane,
  PlaneKeys,
  PlaneState,
  publicJwkOf,
  QueueBroker,
  ServiceContext,
} from '@behavry/platform';
import { startTestOpa, startTestPostgres, tempDir, type TestOpa, type TestPostgres } from '@behavry/testing';
import { request, type Dispatcher } from 'undici';
import { MCP_PROXY } from '../src/mcp-proxy';
import { McpProxyConfig } from '../src/mcp-proxy.config';

export const TENANT = '019a0000-0000-7000-8000-000000000001';
const signer = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** A token of an agent of the test tenant. */
export function agentToken(agentId: string, changes: Readonly<Record<string, unknown>> = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: 'behavry',
    aud: 'behavry:agent',
    sub: agentId,
    jti: `session-of-${agentId}`,
    tenant_id: TENANT,
    roles: ['dev'],
    permissions: [],
    exp: Math.floor(Date.now() / 1000) + 3600,
    ...changes,
  };
  const text = `${part({ alg: 'RS256', kid: 'k' })}.${part(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), signer.privateKey).toString('base64url')}`;
}

/** An active agent as the configuration names it. */
export function agentEntry(id: string): ConfigDocument['agents'][number] {
  return {
    id,
    name: id,
    agent_type: 'test',
    status: 'active',
    client_id: `c-${id}`,
    secret_sha256: '0',
    roles: ['dev'],
    permissions: [],
  };
}

export function httpServer(id: string, url: string, changes: Partial<McpServerEntry> = {}): McpServerEntry {
  return {
    id,
    name: id,
    transport: 'streamable-http',
    url,
    headers: {},
    command: null,
    args: [],
    env: {},
    enabled: true,
    ...changes,
  };
}

export function stdioServer(
  id: string,
  command: string,
  args: string[],
  changes: Partial<McpServerEntry> = {},
): McpServerEntry {
  return { ...httpServer(id, ''), transport: 'stdio', url: null, command, args, ...changes };
}

export interface RpcAnswer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly text: string;
  /** The message, from JSON or from the last event. */
  readonly json: {
    id?: unknown;
    result?: Record<string, never>;
    error?: { code: number; message: string; data: Record<string, never> };
  };
}

/** A whole mcp-proxy with real OPA and PostgreSQL; the peers that tests steer are named. */
export interface RunningProxy {
  readonly url: string;
  readonly context: ServiceContext<McpProxyConfig>;
  readonly entries: SpoolEntry[];
  readonly claims: ClaimRequest[];
  claimAnswer: (request: ClaimRequest) => ClaimAnswer | Promise<ClaimAnswer>;
  readonly opa: TestOpa;
  readonly state: PlaneState;
  configure(changes: Partial<ConfigDocument>): Promise<void>;
  /** Sends one message, or raw bytes, to a server. */
  post(server: string, body: object | string | Buffer, headers?: Record<string, string>): Promise<RpcAnswer>;
  /** Opens a session. @returns its headers for further requests */
  open(server: string, agent?: string): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

const CLIENT_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

export function bearer(agent: string): Record<string, string> {
  return { authorization: `Bearer ${agentToken(agent)}` };
}

export async function startProxy(
  settings: Partial<McpProxyConfig>,
  servers: readonly McpServerEntry[],
): Promise<RunningProxy> {
  const postgres: TestPostgres = await startTestPostgres();
  const opa = await startTestOpa({ files: [join(__dirname, 'opa', 'policy.rego')] });
  const folder = tempDir();
  const dbUrl = await postgres.createDatabase();
  const keys = PlaneKeys.readOrMake(join(folder, 'plane.key'));
  const log = createLogger('mcp-proxy', 'silent', {});
  await migratePlane({ ownerUrl: dbUrl, schemas: [], keys, log });

  const claims: ClaimRequest[] = [];
  const steering: { answer: RunningProxy['claimAnswer'] } = {
    answer: () => ({ state: 'pending', escalation_id: 'e1', expires_at: '2030-01-01T00:00:00.000Z' }),
  };
  const worker = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const isRight =
        incoming.url === CLAIM_PATH && incoming.headers.authorization === `Bearer ${keys.internalBearer}`;
      if (!isRight) {
        response.writeHead(401).end();
        return;
      }
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as ClaimRequest;
      claims.push(asked);
      void Promise.resolve(steering.answer(asked)).then((said) => response.end(JSON.stringify(said)));
    });
  });
  await new Promise<void>((listening) => worker.listen(0, '127.0.0.1', listening));

  const config = Object.assign(new McpProxyConfig(), {
    dbUrl,
    dataDir: folder,
    secretsDir: folder,
    logLevel: 'silent',
    opaSocket: opa.socket,
    escalationHoldSeconds: 1,
    escalationOpsUrl: `http://127.0.0.1:${String((worker.address() as AddressInfo).port)}`,
    ...settings,
  });
  const context = new ServiceContext('mcp-proxy', '0.0.0', config, keys, log);
  const app: NestFastifyApplication = await createService(MCP_PROXY, context);
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${String((app.getHttpServer().address() as AddressInfo).port)}`;
  const state = app.get(PlaneState);

  const entries: SpoolEntry[] = [];
  app.get(QueueBroker).consume(AUDIT_EVENTS_QUEUE, async ({ spool_id, first, entries: batch }) => {
    entries.push(...batch);
    await state.put('audit.positions', { spools: { [spool_id]: first + batch.length - 1 } });
  });
  await state.put('issuers', {
    issuers: [{ iss: 'behavry', keys: [publicJwkOf(signer.publicKey, 'k')], audiences: ['behavry:agent'] }],
  });
  let document: ConfigDocument = {
    schema: 1,
    tenant_id: TENANT,
    revision: '20260101T000000Z',
    generation: 0,
    kill_switches: [],
    agents: [agentEntry('a1'), agentEntry('a2')],
    mcp_servers: servers,
    dlp_patterns: [],
    blast_radius: BLAST_RADIUS_DEFAULTS,
    rate_limits: { agent_per_minute: null, tenant_per_minute: null },
    escalation: { deadline_seconds: { low: 86_400, medium: 14_400, high: 1_800, critical: 300 } },
    data_protection: { payload_mode: 'metadata_only', retention_days: 30 },
  };
  const configure = async (changes: Partial<ConfigDocument>): Promise<void> => {
    document = { ...document, ...changes, generation: document.generation + 1 };
    await state.put('config', document);
  };
  await configure({});

  const post: RunningProxy['post'] = async (server, body, headers = bearer('a1')) => {
    const response = await request(`${url}/mcp/v1/${server}`, {
      method: 'POST',
      headers: { ...CLIENT_HEADERS, ...headers },
      body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
    const text = await response.body.text();
    return { status: response.statusCode, headers: response.headers, text, json: lastMessage(text) };
  };
  return {
    url,
    context,
    entries,
    claims,
    opa,
    state,
    configure,
    post,
    get claimAnswer() {
      return steering.answer;
    },
    set claimAnswer(value) {
      steering.answer = value;
    },
    open: async (server, agent = 'a1') => {
      const opened = await post(server, initialize(), bearer(agent));
      const id = opened.headers['mcp-session-id'];
      if (typeof id !== 'string') throw new Error(`no session: ${String(opened.status)} ${opened.text}`);
      return { ...bearer(agent), 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' };
    },
    stop: async () => {
      await app.close();
      await context.close();
      worker.closeAllConnections();
      worker.close();
      await opa.stop();
      await postgres.stop();
    },
  };
}

export function initialize(id: unknown = 0): object {
  return {
    jsonrpc: '2.0',
    id,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: { elicitation: { url: {} } },
      clientInfo: { name: 't', version: '1' },
    },
  };
}

export function callTool(name: string, args: object = {}, id: unknown = 1): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } };
}

function lastMessage(text: string): RpcAnswer['json'] {
  if (text === '') return {};
  const json = text.startsWith('{')
    ? text
    : text
        .split('\n')
        .filter((line) => line.startsWith('data: {'))
        .at(-1)
        ?.slice(6);
  return json === undefined ? {} : (JSON.parse(json) as RpcAnswer['json']);
}
