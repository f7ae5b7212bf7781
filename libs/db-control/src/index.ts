export { CONTROL_ENTITIES } from './entities';
export { CONTROL_MIGRATIONS } from './migrations';
export {
  TenantRepository,
  listTenants,
  type PlanTier,
  type Tenant,
  type TenantChange,
  type TenantSummary,
} from './tenants/tenant.repository';
export {
  livePeople,
  PEOPLE_CHANNEL,
  PersonRepository,
  personByLink,
  personByUsername,
  type SignInRecord,
} from './people/person.repository';
export { AgentRepository, agentByClientId, type Agent } from './agents/agent.repository';
export {
  EnrollmentTokenRepository,
  enrollmentTokenByHash,
  type EnrollmentToken,
} from './enrollment/enrollment-token.repository';
export {
  DataPlaneTokenRepository,
  dataPlaneTokenByHash,
  type DataPlaneToken,
  type HeartbeatSnapshot,
  type PresentedToken,
} from './tokens/data-plane-token.repository';
export {
  PolicyRepository,
  type ActivePolicy,
  type Authorship,
  type Policy,
  type PolicyPage,
  type PolicyText,
  type PolicyVersion,
} from './policies/policy.repository';
export {
  allContentCounters,
  contentCounters,
  lockContentCounters,
  type ContentCounters,
} from './policies/content-counters';
export { McpServerRepository, type McpServer } from './registry/mcp-server.repository';
export { KillSwitchRepository, type ThrownKillSwitch } from './registry/kill-switch.repository';
export {
  TenantSettingsRepository,
  type SettingsGroup,
  type TenantSettings,
} from './settings/tenant-settings.repository';
export {
  PUBLISHED_CHANNEL,
  PublishedDocumentRepository,
  TOKEN_CHANNEL,
  publishedHeads,
  type DocumentPart,
  type PublishedDocument,
} from './bundles/published-document.repository';
