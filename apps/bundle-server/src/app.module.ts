import type { DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONTROL_ENTITIES } from '@behavry/db-control';
import { openDatabase, SigningKeys, type ServiceContext } from '@behavry/platform';
import type { BundleConfig } from './bundle-server.config';
import { BundleMetrics } from './serve/bundle-metrics';
import { BundleController } from './serve/bundle.controller';
import { LastSeen } from './serve/last-seen';
import { PublishedStore } from './serve/published-store';
import { TokenVerdicts } from './serve/token-verdicts';
import { Waiters } from './serve/waiters';
import { BundleKey, bundleKey } from './publish/bundle-key';
import { DocumentBuilder } from './publish/document-builder';
import { Publisher } from './publish/publisher';
import { readShippedModules, ShippedModules } from './publish/shipped-modules';

class BundleModule {}

/** @returns the app's module; wiring only */
export function bundleModule(context: ServiceContext<BundleConfig>): DynamicModule {
  const { config } = context;
  return {
    module: BundleModule,
    controllers: [BundleController],
    providers: [
      {
        provide: DataSource,
        useFactory: () => openDatabase(context, { role: 'app', entities: CONTROL_ENTITIES }),
      },
      { provide: BundleKey, useFactory: bundleKey, inject: [SigningKeys] },
      { provide: ShippedModules, useFactory: () => readShippedModules(config.policiesDir) },
      BundleMetrics,
      TokenVerdicts,
      LastSeen,
      Waiters,
      PublishedStore,
      DocumentBuilder,
      Publisher,
    ],
  };
}
