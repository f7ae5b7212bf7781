import type { DynamicModule, Provider } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONTROL_ENTITIES } from '@behavry/db-control';
import { DATA_ENTITIES } from '@behavry/db-data';
import { openDatabase, type ServiceContext } from '@behavry/platform';
import { DesiredRevision } from './fleet/desired-revision';
import { FleetController } from './fleet/fleet.controller';
import { FleetWatch } from './fleet/fleet-watch';
import { HeartbeatService } from './fleet/heartbeat.service';
import type { LicenseConfig } from './license-service.config';
import { LicenseController } from './licenses/license.controller';
import { LicenseService } from './licenses/license.service';
import { LocalController } from './local/local.controller';
import { DataPlaneAuth } from './tokens/data-plane-auth';
import { TokenController } from './tokens/token.controller';
import { TokenService } from './tokens/token.service';
import { DataPlaneUplink } from './uplink/data-plane-uplink';
import { OpaFilesRoute } from './uplink/opa-files.route';
import { StandaloneUplink } from './uplink/standalone-uplink';

class LicenseServiceModule {}

/** @returns the app's module: tokens, licences and fleet where there is a control schema, else the uplink */
export function appModule(context: ServiceContext<LicenseConfig>): DynamicModule {
  if (context.mode !== 'data-plane') return managementModule(context);
  return {
    module: LicenseServiceModule,
    controllers: [LocalController],
    providers: [database(context, DATA_ENTITIES), DataPlaneUplink, OpaFilesRoute],
  };
}

function managementModule(context: ServiceContext<LicenseConfig>): DynamicModule {
  const isStandalone = context.mode === 'standalone';
  return {
    module: LicenseServiceModule,
    controllers: [TokenController, LicenseController, FleetController],
    providers: [
      database(context, isStandalone ? [...CONTROL_ENTITIES, ...DATA_ENTITIES] : CONTROL_ENTITIES),
      DesiredRevision,
      DataPlaneAuth,
      TokenService,
      LicenseService,
      HeartbeatService,
      FleetWatch,
      ...(isStandalone ? [StandaloneUplink, OpaFilesRoute] : []),
    ],
  };
}

function database(context: ServiceContext<LicenseConfig>, entities: (new () => object)[]): Provider {
  return {
    provide: DataSource,
    useFactory: () => openDatabase(context, { role: 'app', entities }),
  };
}
