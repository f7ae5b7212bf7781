import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Pool } from 'pg';
import { Counter, Gauge } from 'prom-client';
import { PersonGuard } from '../auth/person.guard';
import { TokenVerifier } from '../auth/token-verifier';
import { ChangeLog } from '../changes/change-log';
import { databaseLogin, type DatabaseLogin } from '../database/database-address';
import { PgNotifications } from '../database/pg-notifications';
import { SigningKeys } from '../keys/signing-keys';
import { QueueBroker } from '../queues/queue-broker';
import { PgPlaneStateStore } from '../state/pg-plane-state-store';
import { PlaneState } from '../state/plane-state';
import { RedisPlaneStateStore } from '../state/redis-plane-state-store';
import { Clock } from '../time/clock';
import { ServiceContext } from './service-context';

/** How often a token with an unknown key may ask for the key sets to be fetched again. */
const UNKNOWN_KEY_MS = 30_000;

/** The parts that every app has, as Nest providers by class. */
@Module({})
export class PlatformModule {
  static forContext(context: ServiceContext): DynamicModule {
    const exported: Provider[] = [
      { provide: ServiceContext, useValue: context },
      { provide: Clock, useValue: context.clock },
      { provide: Pool, useFactory: () => planePool(context) },
      { provide: PgNotifications, useFactory: () => notifications(context) },
      { provide: PlaneState, useFactory: planeState, inject: [ServiceContext, Pool, PgNotifications] },
      { provide: QueueBroker, useFactory: () => queueBroker(context) },
      { provide: TokenVerifier, useFactory: tokenVerifier, inject: [ServiceContext, PlaneState] },
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

async function planeState(
  context: ServiceContext,
  pool: Pool,
  listener: PgNotifications,
): Promise<PlaneState> {
  const { redisUrl, redisPrefix } = context.config;
  const store = redisUrl
    ? new RedisPlaneStateStore(redisUrl, redisPrefix, context.log)
    : new PgPlaneStateStore(pool, listener);
  const state = new PlaneState(store, context.clock, context.log);
  await state.start();
  context.onClose('plane state', () => state.close());
  context.health.register('plane_state', () =>
    state.isStale ? { ready: false, detail: 'not synchronised for 90 s' } : { ready: true },
  );
  return state;
}

function queueBroker(context: ServiceContext): QueueBroker {
  const { redisUrl, redisPrefix } = context.config;
  const broker = new QueueBroker(
    redisUrl
      ? { kind: 'redis', url: redisUrl, prefix: redisPrefix }
      : { kind: 'postgres', login: appLogin(context) },
    context.log,
    {
      jobs: new Counter({
        name: 'behavry_queue_jobs_total',
        help: 'Jobs taken, by queue and result.',
        labelNames: ['queue', 'result'],
        registers: [context.metrics],
      }),
      failing: new Gauge({
        name: 'behavry_queue_connection_failing',
        help: '1 while the connection of a queue fails.',
        labelNames: ['queue'],
        registers: [context.metrics],
      }),
    },
  );
  context.onClose('queues', () => broker.close());
  return broker;
}

function tokenVerifier(context: ServiceContext, state: PlaneState): TokenVerifier {
  let askedAt = 0;
  const verifier = new TokenVerifier(context.clock, () => {
    const now = context.clock.now();
    if (now - askedAt < UNKNOWN_KEY_MS) return;
    askedAt = now;
    state.put('issuers.wanted', { at: new Date(now).toISOString() }).catch(() => undefined);
  });
  state.watch('issuers', ({ value }) => {
    verifier.trust(value.issuers);
  });
  return verifier;
}
