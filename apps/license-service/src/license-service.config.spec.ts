import { loadConfig, type ConfigError } from '@behavry/platform';
import { LicenseConfig } from './license-service.config';

const BASE = { BEHAVRY_DB_URL: 'postgres://h/d' };

function faultsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    loadConfig(LicenseConfig, { ...BASE, ...environment });
    return [];
  } catch (error) {
    return (error as ConfigError).faults.map((fault) => fault.split(' ')[0] ?? '').sort();
  }
}

describe('configuration of license-service', () => {
  it('names everything that a data plane lacks, at once', () => {
    expect(faultsOf({ BEHAVRY_DEPLOYMENT_MODE: 'data-plane' })).toEqual([
      'BEHAVRY_CONTROL_PLANE_URL',
      'BEHAVRY_DATA_PLANE_TOKEN',
      'BEHAVRY_DEPLOYMENT_ID',
      'BEHAVRY_LICENSE_KEY',
      'BEHAVRY_TENANT_ID',
    ]);
  });

  it('asks for none of it elsewhere, and ignores it there', () => {
    for (const mode of ['standalone', 'control-plane']) {
      expect(faultsOf({ BEHAVRY_DEPLOYMENT_MODE: mode, BEHAVRY_DATA_PLANE_TOKEN: 'nonsense' })).toEqual([]);
    }
  });
});
