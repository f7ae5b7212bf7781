import type { DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONTROL_ENTITIES } from '@behavry/db-control';
import { BuildWake, openDatabase, type ServiceContext } from '@behavry/platform';
import { Gate } from './gate/gate';
import { OpaCommand } from './gate/opa-command';
import { ShippedPolicies } from './gate/shipped-policies';
import { KillSwitchController } from './kill-switches/kill-switch.controller';
import { KillSwitchService } from './kill-switches/kill-switch.service';
import { ActivationService } from './policies/activation.service';
import { PolicyController } from './policies/policy.controller';
import { PolicyService } from './policies/policy.service';
import { Publication } from './policies/publication';
import { ActivePolicies } from './policies/active-policies';
import type { PolicyConfig } from './policy-service.config';
import { McpServerController } from './registry/mcp-server.controller';
import { McpServerService } from './registry/mcp-server.service';
import { ModelSettingsController } from './settings/model-settings.controller';
import { SettingsController } from './settings/settings.controller';
import { SettingsService } from './settings/settings.service';

class PolicyModule {}

/** @returns the app's module; wiring only */
export function policyModule(context: ServiceContext<PolicyConfig>): DynamicModule {
  return {
    module: PolicyModule,
    controllers: [
      PolicyController,
      McpServerController,
      KillSwitchController,
      SettingsController,
      ModelSettingsController,
    ],
    providers: [
      {
        provide: DataSource,
        useFactory: () => openDatabase(context, { role: 'app', entities: CONTROL_ENTITIES }),
      },
      { provide: ShippedPolicies, useFactory: () => ShippedPolicies.read(context.config.policiesDir) },
      OpaCommand,
      Gate,
      BuildWake,
      Publication,
      ActivePolicies,
      PolicyService,
      ActivationService,
      McpServerService,
      KillSwitchService,
      SettingsService,
    ],
  };
}
