import { NestFactory } from '@nestjs/core';
import type { DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ServiceConfig } from '../config/service-config';
import { NestLogger } from '../logging/logger';
import { configureApp, createAdapter } from './configure-app';
import { PlatformModule } from './platform.module';
import type { ServiceContext } from './service-context';
import type { ServiceDefinition } from './service-definition';

class RootModule {}

/** @returns the app's module under the platform's own */
export function rootModule<C extends ServiceConfig>(
  definition: ServiceDefinition<C>,
  context: ServiceContext<C>,
): DynamicModule {
  return { module: RootModule, imports: [PlatformModule.forContext(context), definition.module(context)] };
}

/**
 * Builds an app without listening. Production and tests both come through here, so that they cannot drift.
 * @throws Error when a component that the app needs at its start cannot be reached
 */
export async function createService<C extends ServiceConfig>(
  definition: ServiceDefinition<C>,
  context: ServiceContext<C>,
): Promise<NestFastifyApplication> {
  await context.openTracing();
  const app = await NestFactory.create<NestFastifyApplication>(
    rootModule(definition, context),
    createAdapter(context.config),
    {
      logger: new NestLogger(context.log),
      abortOnError: false,
    },
  );
  configureApp(app, context);
  await definition.mount?.(app, context);
  await app.init();
  return app;
}
