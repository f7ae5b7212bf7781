import { Counter, Gauge } from 'prom-client';
import {
  PLANE_STATE_OWNERS,
  type AppName,
  type PlaneSignal,
  type PlaneSignals,
  type PlaneStateKey,
  type PlaneStateValues,
} from '@behavry/contracts';
import {
  databaseLogin,
  PlaneSeal,
  PlaneSignalBus,
  PlaneState,
  PlaneStore,
  QueueBroker,
  ServiceContext,
  type PlaneStateOptions,
} from '@behavry/platform';

/** A running app, as far as these helpers look into it. */
export interface RunningParts {
  get<T>(part: abstract new (...parts: never[]) => T): T;
}

/**
 * Writes plane state as its owner does, for tests of those who read it.
 * @returns its version, when the app has seen it
 */
export async function putAsOwner<K extends PlaneStateKey>(
  app: RunningParts,
  key: K,
  value: PlaneStateValues[K],
): Promise<number> {
  const version = await new PlaneState(optionsAs(app, PLANE_STATE_OWNERS[key])).put(key, value);
  await app.get(PlaneState).resynchronise();
  return version;
}

/** Sends a signal as one of its senders does. */
export function signalAs<S extends PlaneSignal>(
  app: RunningParts,
  sender: AppName,
  signal: S,
  value: PlaneSignals[S],
): Promise<void> {
  return new PlaneSignalBus(optionsAs(app, sender)).send(signal, value);
}

/** The queues of a running app as another app of its plane uses them. The caller closes it. */
export function queuesAs(app: RunningParts, name: AppName): QueueBroker {
  const { config, keys, log } = app.get<ServiceContext>(ServiceContext);
  return new QueueBroker(
    name,
    config.redisUrl
      ? { kind: 'redis', url: config.redisUrl, prefix: config.redisPrefix }
      : { kind: 'postgres', login: databaseLogin(config.dbUrl, 'app', keys) },
    keys,
    log,
    {
      jobs: new Counter({ name: 'jobs', help: 'x', labelNames: ['queue', 'result'], registers: [] }),
      failing: new Gauge({ name: 'failing', help: 'x', labelNames: ['queue'], registers: [] }),
    },
  );
}

function optionsAs(app: RunningParts, name: AppName): PlaneStateOptions {
  const { keys, clock, log } = app.get<ServiceContext>(ServiceContext);
  const forged = new Counter({ name: 'forged', help: 'x', labelNames: ['name'], registers: [] });
  return { app: name, store: app.get(PlaneStore), seal: new PlaneSeal(keys), clock, log, forged };
}
