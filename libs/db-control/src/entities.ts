import { AgentEntity } from './agents/agent.entity';
import { PublishedDocumentEntity } from './bundles/published-document.entity';
import { EnrollmentTokenEntity } from './enrollment/enrollment-token.entity';
import { ApiKeyEntity, PersonSessionEntity } from './people/person-access.entity';
import { PersonEntity } from './people/person.entity';
import { ContentChangesEntity } from './policies/content-changes.entity';
import { PolicyVersionEntity } from './policies/policy-version.entity';
import { PolicyEntity } from './policies/policy.entity';
import { KillSwitchEntity } from './registry/kill-switch.entity';
import { McpServerEntity } from './registry/mcp-server.entity';
import { TenantSettingsEntity } from './settings/tenant-settings.entity';
import { TenantEntity } from './tenants/tenant.entity';
import { DataPlaneTokenEntity } from './tokens/data-plane-token.entity';
import { InternalTokenEntity } from './tokens/internal-token.entity';

/** Every entity of the control schema. */
export const CONTROL_ENTITIES: (new () => object)[] = [
  TenantEntity,
  PersonEntity,
  PersonSessionEntity,
  ApiKeyEntity,
  AgentEntity,
  EnrollmentTokenEntity,
  DataPlaneTokenEntity,
  InternalTokenEntity,
  PolicyEntity,
  PolicyVersionEntity,
  ContentChangesEntity,
  McpServerEntity,
  KillSwitchEntity,
  TenantSettingsEntity,
  PublishedDocumentEntity,
];
