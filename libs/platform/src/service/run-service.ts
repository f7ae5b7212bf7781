import { appRunsIn, type AppName } from '@behavry/contracts';
import { ConfigError, describeConfig, loadConfig, processEnvironment } from '../config/load-config';
import { ServiceConfig } from '../config/service-config';
import { awaitMigration } from '../database/migration-wait';
import { PlaneKeys } from '../keys/plane-keys';
import { createLogger, type Logger } from '../logging/logger';
import { parseArguments } from './arguments';
import { createService } from './create-service';
import { planeKeyFile, ServiceContext } from './service-context';
import type { ServiceDefinition } from './service-definition';
import { VERSION } from './version';

/**
 * Starts an app, the same way for all nine (style: every main.ts). The command line comes first, then the
 * whole configuration, then the mode guard, and only then connections.
 * Ends the process: 0 when asked to stop, 1 when it could not start or lost its footing, 2 for faults of
 * configuration.
 */
export async function runService<C extends ServiceConfig>(definition: ServiceDefinition<C>): Promise<void> {
  try {
    await run(definition);
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`${definition.app}: ${error.message}\n`);
      process.exit(2);
    }
    createLogger(definition.app, 'error', {}).fatal({ err: error }, 'could not start');
    process.exit(1);
  }
}

async function run<C extends ServiceConfig>(definition: ServiceDefinition<C>): Promise<void> {
  const { openApiFile, isMigration, awaitsMigration, describesConfig } = parseArguments(
    process.argv.slice(2),
  );
  if (openApiFile !== undefined) {
    const { writeOpenApi } = await import('./openapi');
    await writeOpenApi(definition, VERSION, openApiFile);
    process.exit(0);
  }
  if (describesConfig) {
    process.stdout.write(`${JSON.stringify(describeConfig(definition.app, definition.config))}\n`);
    return;
  }
  if (awaitsMigration) {
    await waitForMigration(definition.app);
    return;
  }
  const config = loadConfig(definition.config, processEnvironment());
  if (!appRunsIn(definition.app, config.mode)) {
    throw new ConfigError([
      `BEHAVRY_DEPLOYMENT_MODE is ${config.mode}, and ${definition.app} is not part of that mode`,
    ]);
  }
  const log = createLogger(definition.app, config.logLevel, { mode: config.mode });
  if (isMigration) {
    await migrate(definition, config, log);
    return;
  }
  await serve(
    definition,
    new ServiceContext(definition.app, VERSION, config, PlaneKeys.read(planeKeyFile(config)), log),
  );
}

/** Needs no more of the configuration than every app has: an init container is not given an app's own secrets. */
async function waitForMigration(app: AppName): Promise<void> {
  const config = loadConfig(ServiceConfig, processEnvironment());
  const log = createLogger(app, config.logLevel, { mode: config.mode });
  // As the first process of a container it would not end by itself.
  process.on('SIGTERM', () => process.exit(1));
  const keys = PlaneKeys.read(planeKeyFile(config));
  await awaitMigration({ dbUrl: config.dbUrl, keys, version: VERSION, log, pauseMs: 2_000 });
}

async function migrate<C extends ServiceConfig>(
  definition: ServiceDefinition<C>,
  config: C,
  log: Logger,
): Promise<void> {
  if (!definition.migrate) {
    throw new ConfigError([`${definition.app} has no --migrate; identity-jwks migrates the whole plane`]);
  }
  await definition.migrate({ config, keys: PlaneKeys.readOrMake(planeKeyFile(config)), log });
}

async function serve<C extends ServiceConfig>(
  definition: ServiceDefinition<C>,
  context: ServiceContext<C>,
): Promise<void> {
  const { config, log } = context;
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error, event }, 'an error that nobody handled; stopping');
      process.exit(1);
    });
  }
  const app = await createService(definition, context);
  let isStopping = false;
  const stop = (signal: string): void => {
    if (isStopping) return;
    isStopping = true;
    log.info({ signal }, 'stopping');
    context.health.stop();
    setTimeout(() => {
      log.error('not finished within BEHAVRY_SHUTDOWN_SECONDS; leaving');
      process.exit(1);
    }, config.shutdownSeconds * 1000).unref();
    void app
      .close()
      .then(() => context.ops.close())
      .then(() => context.close())
      .then(() => {
        log.info('stopped');
        process.exit(0);
      });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await context.ops.listen(config.opsHost, config.port + 1);
  await app.listen(config.port, config.host);
  log.info({ port: config.port, ops_port: config.port + 1, version: context.version }, 'listening');
}
