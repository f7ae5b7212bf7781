import type { DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AppName } from '@behavry/contracts';
import type { ServiceConfig } from '../config/service-config';
import type { Logger } from '../logging/logger';
import type { PlaneKeys } from '../keys/plane-keys';
import type { ServiceContext } from './service-context';

/** What `--migrate` is given: no server, no app logins, the owner's URL. */
export interface MigrationContext<C extends ServiceConfig> {
  readonly config: C;
  readonly keys: PlaneKeys;
  readonly log: Logger;
}

/** One app, as its `main.ts` describes it. */
export interface ServiceDefinition<C extends ServiceConfig> {
  readonly app: AppName;
  readonly config: new () => C;
  /** Makes the app's module; wiring only. */
  readonly module: (context: ServiceContext<C>) => DynamicModule;
  /** Adds raw Fastify routes once, before the server listens: the hot path of the proxies. */
  readonly mount?: (app: NestFastifyApplication, context: ServiceContext<C>) => void | Promise<void>;
  /** The plane's migration job; only identity-jwks has one. */
  readonly migrate?: (context: MigrationContext<C>) => Promise<void>;
}
