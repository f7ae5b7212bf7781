import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AUDIT_EVENTS_QUEUE, type ConfigDocument, type SpoolEntry } from '@behavry/contracts';
import {
  createLogger,
  createService,
  loadConfig,
  PlaneState,
  ServiceContext,
  SystemClock,
  type Clock,
  type ProxyConfig,
  type ServiceDefinition,
} from '@behavry/platform';
import {
  configDocument,
  eventually,
  freePort,
  putAsOwner,
  queuesAs,
  signalAs,
  startClaimServer,
  startTestOpa,
  type ClaimServer,
  type TestOpa,
  type TestOpaOptions,
} from '@behavry/testing';
import { planeEnvironment, startTestPlane, type TestPlane } from './test-plane';

/** What a proxy under test is started with. */
export interface RunningProxyOptions<C extends ProxyConfig> {
  readonly definition: ServiceDefinition<C>;
  readonly opa: TestOpaOptions;
  /** Variables of the app, beside those of the plane. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The first config document. */
  readonly document?: Partial<ConfigDocument>;
  readonly hasRedis?: boolean;
  readonly clock?: Clock;
}

/**
 * A whole proxy with real OPA, PostgreSQL and queue backend. Peers that tests steer stand in the place of
 * escalation-worker, identity-jwks and license-service; a consumer in audit-writer's keeps every entry and
 * acknowledges it.
 */
export interface RunningProxy<C extends ProxyConfig> {
  readonly url: string;
  readonly plane: TestPlane;
  readonly app: NestFastifyApplication;
  readonly context: ServiceContext<C>;
  readonly state: PlaneState;
  readonly opa: TestOpa;
  readonly claims: ClaimServer;
  readonly entries: SpoolEntry[];
  /** Puts the next config document in force. */
  configure(changes: Partial<ConfigDocument>): Promise<void>;
  /** The Authorization header of an agent. */
  agent(id: string): { readonly authorization: string };
  /** The entries of one exchange, once `count` of them have come. @param id its decision id */
  entriesOf(id: unknown, count?: number): Promise<readonly SpoolEntry[]>;
  stop(): Promise<void>;
}

/** Starts one and waits until it is ready. */
export async function startProxy<C extends ProxyConfig>(
  options: RunningProxyOptions<C>,
): Promise<RunningProxy<C>> {
  const { definition, environment = {}, clock = new SystemClock() } = options;
  const plane = await startTestPlane({ schemas: [], hasRedis: options.hasRedis ?? false });
  const opa = await startTestOpa(options.opa);
  const claims = await startClaimServer(plane.keys.internalBearer);
  const config = loadConfig(definition.config, {
    ...planeEnvironment(plane),
    BEHAVRY_PORT: String(await freePort()),
    BEHAVRY_DATA_DIR: join(plane.folder, 'data'),
    BEHAVRY_OPA_SOCKET: opa.socket,
    BEHAVRY_ESCALATION_OPS_URL: claims.url,
    BEHAVRY_ESCALATION_HOLD_SECONDS: '1',
    ...environment,
  });
  const log = createLogger(definition.app, config.logLevel, {});
  const context = new ServiceContext(definition.app, 'test', config, plane.keys, log, clock);
  const app = await createService(definition, context);
  await app.listen(0, '127.0.0.1');
  const state = app.get(PlaneState);
  const entries: SpoolEntry[] = [];
  const writer = queuesAs(app, 'audit-writer');
  writer.consume(AUDIT_EVENTS_QUEUE, async ({ spool_id: spool, first, entries: batch }) => {
    entries.push(...batch);
    const spools = { [spool]: first + batch.length - 1 };
    await signalAs(app, 'audit-writer', 'audit.positions', { spools });
  });
  let document = configDocument({ ...options.document, generation: 0 });
  const configure = async (changes: Partial<ConfigDocument>): Promise<void> => {
    document = { ...document, ...changes, generation: document.generation + 1 };
    await putAsOwner(app, 'config', document);
  };
  await putAsOwner(app, 'issuers', plane.issuer.trusted);
  await configure({});
  await eventually(() => {
    const report = context.health.report();
    if (!report.ready) throw new Error(JSON.stringify(report));
  });
  return {
    url: `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`,
    plane,
    app,
    context,
    state,
    opa,
    claims,
    entries,
    configure,
    agent: (id) => ({ authorization: `Bearer ${plane.issuer.agentToken(id)}` }),
    entriesOf: (id, count = 1) =>
      eventually(() => {
        const own = entries.filter((entry) => entry.id === id);
        if (own.length < count)
          throw new Error(`exchange ${String(id)} has ${own.length} of ${count} entries`);
        return own;
      }),
    async stop() {
      await writer.close();
      await app.close();
      await context.close();
      await claims.stop();
      await opa.stop();
      await plane.stop();
    },
  };
}
