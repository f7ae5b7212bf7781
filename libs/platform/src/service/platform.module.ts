import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Pool } from 'pg';
import { Counter, Gauge } from 'prom-client';
import { PersonAccess } from '../auth/person-access';
import { PersonGuard } from '../auth/person.guard';
import { SessionCookie } from '../auth/session-cookie';
import { TokenVerifier } from '../auth/token-verifier';
import { ChangeLog } from '../changes/change-log';
import { databaseLogin, type DatabaseLogin } from '../database/database-address';
import { PgNotifications } from '../database/pg-notifications';
import { SigningKeys } from '../keys/signing-keys';
import { QueueBroker } from '../queues/queue-broker';
import { measureQueues, queueMetrics } from '../queues/queue-metrics';
import { NextConfig } from '../state/next-config';
import { PgPlaneStore } from '../state/pg-plane-store';
import { PgPlaneBuckets, PlaneBuckets, RedisPlaneBuckets } from '../state/plane-buckets';
import { PgPlaneMemory, PlaneMemory, RedisPlaneMemory } from '../state/plane-memory';
import { PlaneSeal } from '../state/plane-seal';
import { PgPlaneSpending, PlaneSpending, RedisPlaneSpending } from '../state/plane-spending';
import { PlaneSignalBus } from '../state/plane-signals';
import { PlaneState, type PlaneStateOptions } from '../state/plane-state';
import { PlaneStore } from '../state/plane-store';
import { RedisPlaneStore } from '../state/redis-plane-store';
import { Clock } from '../time/clock';
import { ServiceContext } from './service-context';

/** How often a token with an unknown key may ask for the key sets to be fetched again. */
const UNKNOWN_KEY_MS = 30_000;
/** What plane state and signals are made of. */
const SHARED = Symbol('plane state options');

/** The parts that every app has, as Nest providers by class. */
@Module({})
export class PlatformModule {
  static forContext(context: ServiceContext): DynamicModule {
    const exported: Provider[] = [
      { provide: ServiceContext, useValue: context },
      { provide: Clock, useValue: context.clock },
      { provide: Pool, useFactory: () => planePool(context) },
      { provide: PgNotifications, useFactory: () => notifications(context) },
      { provide: PlaneStore, useFactory: planeStore, inject: [ServiceContext, Pool, PgNotifications] },
      { provide: PlaneMemory, useFactory: planeMemory, inject: [ServiceContext, Pool] },
      { provide: PlaneBuckets, useFactory: planeBuckets, inject: [ServiceContext] },
      { provide: PlaneSpending, useFactory: planeSpending, inject: [ServiceContext] },
      { provide: SHARED, useFactory: shared, inject: [ServiceContext, PlaneStore] },
      { provide: PlaneState, useFactory: planeState, inject: [ServiceContext, SHARED] },
      { provide: PlaneSignalBus, useFactory: planeSignals, inject: [SHARED] },
      {
        provide: NextConfig,
        useFactory: (state: PlaneState, signals: PlaneSignalBus) => new NextConfig(state, signals),
        inject: [PlaneState, PlaneSignalBus],
      },
      { provide: QueueBroker, useFactory: () => queueBroker(context) },
      {
        provide: TokenVerifier,
        useFactory: tokenVerifier,
        inject: [ServiceContext, PlaneState, PlaneSignalBus],
      },
      { provide: SessionCookie, useValue: new SessionCookie(context.config) },
      {
        provide: PersonAccess,
        useFactory: (verifier: TokenVerifier, state: PlaneState, cookie: SessionCookie) =>
          new PersonAccess({ verifier, state, cookie, clock: context.clock }),
        inject: [TokenVerifier, PlaneState, SessionCookie],
      },
      { provide: ChangeLog, useFactory: (pool: Pool) => new ChangeLog(pool, context.clock), inject: [Pool] },
      {
        provide: SigningKeys,
        useFactory: (pool: Pool) => new SigningKeys(pool, context.keys, context.clock),
        inject: [Pool],
      },
    ];
    return {
      module: PlatformModule,
      global: true,
      providers: [...exported, { provide: APP_GUARD, useClass: PersonGuard }],
      exports: exported,
    };
  }
}

function appLogin(context: ServiceContext): DatabaseLogin {
  return databaseLogin(context.config.dbUrl, 'app', context.keys);
}

function planePool(context: ServiceContext): Pool {
  const pool = new Pool({
    ...appLogin(context),
    max: 4,
    connectionTimeoutMillis: 5_000,
    application_name: context.app,
  });
  pool.on('error', (error) => {
    context.log.warn({ err: error }, 'database: an idle connection failed');
  });
  context.onClose('plane pool', () => pool.end());
  return pool;
}

function notifications(context: ServiceContext): PgNotifications {
  const listener = new PgNotifications({ ...appLogin(context), application_name: context.app }, context.log);
  context.onClose('notifications', () => listener.close());
  return listener;
}

function planeStore(context: ServiceContext, pool: Pool, listener: PgNotifications): PlaneStore {
  const { redisUrl, redisPrefix } = context.config;
  const store = redisUrl
    ? new RedisPlaneStore(redisUrl, redisPrefix, context.log)
    : new PgPlaneStore(pool, listener);
  context.onClose('plane store', () => store.close());
  return store;
}

function planeMemory(context: ServiceContext, pool: Pool): PlaneMemory {
  const { redisUrl, redisPrefix } = context.config;
  const memory = redisUrl
    ? new RedisPlaneMemory(redisUrl, redisPrefix, context.log)
    : new PgPlaneMemory(pool);
  context.onClose('plane memory', () => memory.close());
  return memory;
}

function planeBuckets(context: ServiceContext): PlaneBuckets {
  const { redisUrl, redisPrefix } = context.config;
  const buckets = redisUrl
    ? new RedisPlaneBuckets(redisUrl, redisPrefix, context.log)
    : new PgPlaneBuckets({ ...appLogin(context), application_name: context.app }, context.log);
  context.onClose('plane buckets', () => buckets.close());
  return buckets;
}

function planeSpending(context: ServiceContext): PlaneSpending {
  const { redisUrl, redisPrefix } = context.config;
  const spending = redisUrl
    ? new RedisPlaneSpending(redisUrl, redisPrefix, context.log)
    : new PgPlaneSpending({ ...appLogin(context), application_name: context.app }, context.log);
  context.onClose('plane spending', () => spending.close());
  return spending;
}

function shared({ app, keys, clock, log, metrics }: ServiceContext, store: PlaneStore): PlaneStateOptions {
  const forged = new Counter({
    name: 'behavry_plane_state_forged_total',
    help: 'Values and signals of the plane that were ignored, because no app that may write them did.',
    labelNames: ['name'],
    registers: [metrics],
  });
  return { app, store, seal: new PlaneSeal(keys), clock, log, forged };
}

async function planeState(context: ServiceContext, options: PlaneStateOptions): Promise<PlaneState> {
  const state = new PlaneState(options);
  await state.start();
  new Gauge({
    name: 'behavry_plane_state_synchronised_timestamp_seconds',
    help: 'When the state of the plane was read as a whole for the last time.',
    registers: [context.metrics],
    collect() {
      this.set(state.lastSyncAt / 1000);
    },
  });
  context.onClose('plane state', () => {
    state.close();
    return Promise.resolve();
  });
  context.health.register('plane_state', () =>
    state.isStale ? { ready: false, detail: 'not synchronised for 90 s' } : { ready: true },
  );
  return state;
}

async function planeSignals(options: PlaneStateOptions): Promise<PlaneSignalBus> {
  const signals = new PlaneSignalBus(options);
  await signals.start();
  return signals;
}

function queueBroker(context: ServiceContext): QueueBroker {
  const { redisUrl, redisPrefix } = context.config;
  const broker = new QueueBroker(
    context.app,
    redisUrl
      ? { kind: 'redis', url: redisUrl, prefix: redisPrefix }
      : { kind: 'postgres', login: appLogin(context) },
    context.keys,
    context.log,
    queueMetrics(context.metrics),
  );
  measureQueues(context.metrics, () => broker.depths());
  context.onClose('queues', () => broker.close());
  return broker;
}

function tokenVerifier(context: ServiceContext, state: PlaneState, signals: PlaneSignalBus): TokenVerifier {
  let askedAt = 0;
  const verifier = new TokenVerifier(context.clock, () => {
    const now = context.clock.now();
    if (now - askedAt < UNKNOWN_KEY_MS) return;
    askedAt = now;
    signals.send('issuers.wanted', null).catch(() => undefined);
  });
  state.watch('issuers', ({ value }) => {
    verifier.trust(value.issuers);
  });
  return verifier;
}
