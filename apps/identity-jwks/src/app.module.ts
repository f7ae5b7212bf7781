import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONTROL_ENTITIES } from '@behavry/db-control';
import { DATA_ENTITIES } from '@behavry/db-data';
import {
  BuildWake,
  NextConfig,
  openDatabase,
  PlaneState,
  ServiceContext,
  SigningKeys,
} from '@behavry/platform';
import { AccessController } from './access/access.controller';
import { ApiKeysService } from './access/api-keys.service';
import { OwnPasswordService } from './access/own-password.service';
import { SessionsService } from './access/sessions.service';
import { AgentController } from './agents/agent.controller';
import { AgentService } from './agents/agent.service';
import { EnrollmentController } from './enrollment/enrollment.controller';
import { EnrollmentService } from './enrollment/enrollment.service';
import { HealthController } from './health/health.controller';
import { dataPlaneIdentity, type IdentityConfig } from './identity-jwks.config';
import { IssuersService } from './keys/issuers.service';
import { JwksController } from './keys/jwks.controller';
import { ownKey, OwnKey } from './keys/own-key';
import { AuthController } from './people/auth.controller';
import { ChangeController } from './people/change.controller';
import { InvitationController } from './people/invitation.controller';
import { InvitationService } from './people/invitation.service';
import { PeopleController } from './people/people.controller';
import { LivePeople } from './people/live-people';
import { Passwords } from './people/password';
import { ControlPeopleStore, LocalPeopleStore, PeopleStore } from './people/people-store';
import { PeopleService } from './people/people.service';
import { SignInService } from './people/sign-in.service';
import { ManagedElsewhereController } from './tenants/managed-elsewhere.controller';
import { SignupController, SignupGuard } from './tenants/signup.controller';
import { SuperAdminController } from './tenants/super-admin.controller';
import { TenantService } from './tenants/tenant.service';
import { AgentDirectory, ConfigAgentDirectory, ControlAgentDirectory } from './tokens/agent-directory';
import { AgentTokenController } from './tokens/agent-token.controller';
import { AgentTokenService } from './tokens/agent-token.service';
import { TokenSigner } from './tokens/token-signer';

class IdentityModule {}

/** The parts that every mode has. */
const COMMON_CONTROLLERS: Type[] = [
  HealthController,
  JwksController,
  AgentTokenController,
  AuthController,
  AccessController,
  PeopleController,
  ChangeController,
  InvitationController,
];
const COMMON_PROVIDERS: Provider[] = [
  { provide: OwnKey, useFactory: ownKey, inject: [ServiceContext, SigningKeys] },
  IssuersService,
  TokenSigner,
  AgentTokenService,
  Passwords,
  LivePeople,
  SessionsService,
  SignInService,
  OwnPasswordService,
  ApiKeysService,
  PeopleService,
  InvitationService,
];

/** @returns the app's module: a data plane has its local people and the agents of its config document */
export function appModule(context: ServiceContext<IdentityConfig>): DynamicModule {
  return context.mode === 'data-plane' ? dataPlaneModule(context) : managementModule(context);
}

function managementModule(context: ServiceContext<IdentityConfig>): DynamicModule {
  return {
    module: IdentityModule,
    controllers: [
      ...COMMON_CONTROLLERS,
      EnrollmentController,
      AgentController,
      SuperAdminController,
      SignupController,
    ],
    providers: [
      ...COMMON_PROVIDERS,
      { provide: DataSource, useFactory: () => open(context, CONTROL_ENTITIES) },
      {
        provide: PeopleStore,
        useFactory: (db: DataSource) => new ControlPeopleStore(db),
        inject: [DataSource],
      },
      {
        provide: AgentDirectory,
        useFactory: (db: DataSource) => new ControlAgentDirectory(db),
        inject: [DataSource],
      },
      BuildWake,
      AgentService,
      EnrollmentService,
      TenantService,
      SignupGuard,
    ],
  };
}

function dataPlaneModule(context: ServiceContext<IdentityConfig>): DynamicModule {
  const tenantId = dataPlaneIdentity(context.config).tenantId.toLowerCase();
  return {
    module: IdentityModule,
    controllers: [...COMMON_CONTROLLERS, ManagedElsewhereController],
    providers: [
      ...COMMON_PROVIDERS,
      { provide: DataSource, useFactory: () => open(context, DATA_ENTITIES) },
      {
        provide: PeopleStore,
        useFactory: (db: DataSource) => new LocalPeopleStore(db, tenantId),
        inject: [DataSource],
      },
      {
        provide: AgentDirectory,
        useFactory: (state: PlaneState, next: NextConfig) => new ConfigAgentDirectory(state, next),
        inject: [PlaneState, NextConfig],
      },
    ],
  };
}

function open(context: ServiceContext<IdentityConfig>, entities: (new () => object)[]): Promise<DataSource> {
  return openDatabase(context, { role: 'app', entities });
}
