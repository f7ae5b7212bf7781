import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AUDIT_EVENTS_QUEUE, spoolEntriesOf, type ConfigDocument, type SpoolEntry } from '@behavry/contracts';
import {
  createLogger,
  createService,
  ServiceContext,
  type ProxyConfig,
  type ServiceDefinition,
} from '@behavry/platform';
import {
  eventually,
  freePort,
  startTestOpa,
  tempDir,
  type TestOpa,
  type TestOpaOptions,
} from '@behavry/test-components';
import { putAsOwner, queuesAs, signalAs } from '../as-owner';
import { startClaimServer, type ClaimServer } from './claim-server';
import { agentEntry, configDocument } from './config-document';
import type { TestIssuer } from './test-issuer';
import { startTestPlane } from './test-plane';

/** A whole proxy with real OPA and PostgreSQL; its peers are the test's to steer. */
export interface TestProxy {
  readonly app: NestFastifyApplication;
  readonly context: ServiceContext;
  readonly url: string;
  /** Base URL of its ops port. */
  readonly opsUrl: string;
  readonly opa: TestOpa;
  readonly claims: ClaimServer;
  readonly issuer: TestIssuer;
  /** Every record that reached the queue, oldest first. */
  readonly entries: SpoolEntry[];
  /** Folder of the plane's files: key, spool. */
  readonly folder: string;
  /** Everything that was logged, a line each. */
  readonly log: string[];
  readonly dbUrl: string;
  /** What the plane's apps show each other. */
  readonly internalBearer: string;
  /** Publishes the configuration with changes that stay; resolves when the proxy has it. */
  configure(changes: Partial<ConfigDocument>): Promise<void>;
  /** The entries of one exchange, once `count` (1) of them have come. @param id its decision id */
  entriesOf(id: unknown, count?: number): Promise<readonly SpoolEntry[]>;
  /** Starts another replica of the proxy on the same plane, with a data folder of its own; stopped with the plane. */
  replica(): Promise<TestReplica>;
  stop(): Promise<void>;
}

/** One process's worth of a proxy. */
export interface TestReplica {
  readonly app: NestFastifyApplication;
  readonly context: ServiceContext;
  readonly url: string;
  /** Base URL of its ops port. */
  readonly opsUrl: string;
  /** Stops it in the order of a service; more than once is the same as once. */
  stop(): Promise<void>;
}

export interface TestProxyOptions<C extends ProxyConfig> {
  readonly definition: ServiceDefinition<C>;
  readonly settings?: Partial<C>;
  /** Rego files and folders that OPA loads; or what else it starts with, for example a bundle of `writePolicyBundle`. */
  readonly policies: readonly string[] | TestOpaOptions;
  readonly hasRedis?: boolean;
  readonly document?: Partial<ConfigDocument>;
  /** Whether audit-writer has told which sessions have ended: none (true). */
  readonly knowsEndedSessions?: boolean;
}

/** Starts one for agents `a1` and `a2`. Calls that are escalated stay pending until the test answers otherwise. */
export async function startTestProxy<C extends ProxyConfig>({
  definition,
  settings = {},
  policies,
  document = {},
  hasRedis = false,
  knowsEndedSessions = true,
}: TestProxyOptions<C>): Promise<TestProxy> {
  const plane = await startTestPlane({ schemas: [], hasRedis });
  const { folder, dbUrl, keys, issuer, redisUrl, redisPrefix } = plane;
  const opa = await startTestOpa('map' in policies ? { files: policies } : policies);
  const lines: string[] = [];
  const log = createLogger(definition.app, 'debug', {}, { write: (line) => lines.push(line) });
  const claims = await startClaimServer(keys.internalBearer);
  const replicas: TestReplica[] = [];
  const replica = async (dataDir: string): Promise<TestReplica> => {
    const opsPort = await freePort();
    const config = Object.assign(new definition.config(), {
      port: opsPort - 1,
      dbUrl,
      ...(redisUrl === undefined ? {} : { redisUrl, redisPrefix }),
      dataDir,
      secretsDir: folder,
      opaSocket: opa.socket,
      escalationHoldSeconds: 1,
      escalationOpsUrl: claims.url,
      ...settings,
    });
    const started = await startReplica(
      definition,
      new ServiceContext<C>(definition.app, '0.0.0', config, keys, log),
      opsPort,
    );
    replicas.push(started);
    return started;
  };
  const first = await replica(folder);
  const { app } = first;
  const entries: SpoolEntry[] = [];
  const writer = queuesAs(app, 'audit-writer');
  writer.consume(AUDIT_EVENTS_QUEUE, async (batch) => {
    entries.push(...spoolEntriesOf(batch).filter((entry): entry is SpoolEntry => entry.type !== 'lost'));
    await signalAs(app, 'audit-writer', 'audit.positions', { spools: { [batch.spool_id]: batch.last } });
  });
  await putAsOwner(app, 'issuers', issuer.trusted);
  if (knowsEndedSessions) await putAsOwner(app, 'sessions.ended', { sessions: {} });
  let present = configDocument({ agents: [agentEntry('a1'), agentEntry('a2')], generation: 0, ...document });
  const configure = async (changes: Partial<ConfigDocument>): Promise<void> => {
    present = { ...present, ...changes, generation: present.generation + 1 };
    await putAsOwner(app, 'config', present);
  };
  await configure({});
  return {
    app,
    context: first.context,
    url: first.url,
    opsUrl: first.opsUrl,
    opa,
    claims,
    issuer,
    entries,
    folder,
    log: lines,
    dbUrl,
    internalBearer: keys.internalBearer,
    configure,
    entriesOf: (id, count = 1) =>
      eventually(() => {
        const own = entries.filter((entry) => entry.id === id);
        if (own.length < count)
          throw new Error(`exchange ${String(id)} has ${own.length} of ${count} entries`);
        return own;
      }),
    replica: () => replica(tempDir()),
    stop: async () => {
      // The first one last: the writer speaks through it.
      for (const other of replicas.slice(1)) await other.stop();
      await writer.close();
      await first.stop();
      await claims.stop();
      await opa.stop();
      await plane.stop();
    },
  };
}

async function startReplica<C extends ProxyConfig>(
  definition: ServiceDefinition<C>,
  context: ServiceContext<C>,
  opsPort: number,
): Promise<TestReplica> {
  const app = await createService(definition, context);
  await context.ops.listen('127.0.0.1', opsPort);
  await app.listen(0, '127.0.0.1');
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    // A test that failed may have left a connection open, for which a server that closes would wait.
    app.getHttpServer().closeAllConnections();
    await app.close();
    await context.ops.close();
    await context.close();
  };
  return {
    app,
    context: context as unknown as ServiceContext,
    url: `http://127.0.0.1:${String((app.getHttpServer().address() as AddressInfo).port)}`,
    opsUrl: `http://127.0.0.1:${String(opsPort)}`,
    stop: () => (stopped ??= stop()),
  };
}
