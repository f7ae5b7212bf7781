import { getMetadataStorage } from 'class-validator';
import { HeartbeatRequest } from './heartbeat';
import { LicenseValidateRequest } from './license';

const fieldsOf = (type: new () => object): string[] => [
  ...new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(type, '', false, false)
      .map(({ propertyName }) => propertyName),
  ),
];

describe('what leaves a data plane', () => {
  it('is, in a heartbeat, these figures and names and nothing else', () => {
    expect(fieldsOf(HeartbeatRequest).sort()).toEqual([
      'active_agent_count',
      'config_revision',
      'deployment_id',
      'escalations_pending',
      'license_state',
      'opa_bundle_version',
      'proxy_rpm_1m',
      'public_url',
      'uptime_seconds',
      'version',
    ]);
  });

  it('is, in a licence check, these fields and nothing else', () => {
    expect(fieldsOf(LicenseValidateRequest).sort()).toEqual([
      'data_plane_token',
      'deployment_id',
      'license_key',
      'reported_agent_count',
      'version',
    ]);
  });
});
