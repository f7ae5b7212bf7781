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

  it('takes each variable of the contract by its name, and has the defaults that the contract gives', () => {
    expect(loadConfig(LicenseConfig, BASE)).toMatchObject({ mode: 'standalone', heartbeatInterval: 60 });
    const given = {
      BEHAVRY_DEPLOYMENT_MODE: 'data-plane',
      BEHAVRY_CONTROL_PLANE_URL: 'https://control.example',
      BEHAVRY_DATA_PLANE_TOKEN: `dp_${'x'.repeat(48)}`,
      BEHAVRY_LICENSE_KEY: 'lic_1',
      BEHAVRY_DEPLOYMENT_ID: 'dp-1',
      BEHAVRY_HEARTBEAT_INTERVAL: '30',
      BEHAVRY_TENANT_ID: '0197a000-0000-7000-8000-000000000001',
    };
    expect(loadConfig(LicenseConfig, { ...BASE, ...given })).toMatchObject({
      mode: 'data-plane',
      controlPlaneUrl: given.BEHAVRY_CONTROL_PLANE_URL,
      dataPlaneToken: given.BEHAVRY_DATA_PLANE_TOKEN,
      licenseKey: 'lic_1',
      deploymentId: 'dp-1',
      heartbeatInterval: 30,
      tenantId: given.BEHAVRY_TENANT_ID,
    });
  });

  it('asks for none of it elsewhere, and ignores it there', () => {
    for (const mode of ['standalone', 'control-plane']) {
      expect(faultsOf({ BEHAVRY_DEPLOYMENT_MODE: mode, BEHAVRY_DATA_PLANE_TOKEN: 'nonsense' })).toEqual([]);
    }
  });

  it.each([
    ['https://control.example', true],
    ['http://127.0.0.1:8000', true],
    ['http://localhost:8000', true],
    ['http://[::1]:8000', true],
    ['http://control.example', false],
    ['http://127.0.0.1.example', false],
    ['ftp://127.0.0.1', false],
    ['control.example', false],
  ])('of a data plane: may the control plane be at %s? %s', (url, isAllowed) => {
    const data = {
      BEHAVRY_DEPLOYMENT_MODE: 'data-plane',
      BEHAVRY_TENANT_ID: '0197a000-0000-7000-8000-000000000001',
      BEHAVRY_DEPLOYMENT_ID: 'dp-1',
      BEHAVRY_DATA_PLANE_TOKEN: 'dp_12345678',
      BEHAVRY_LICENSE_KEY: 'lic_1',
      BEHAVRY_CONTROL_PLANE_URL: url,
    };
    expect(faultsOf(data)).toEqual(isAllowed ? [] : ['BEHAVRY_CONTROL_PLANE_URL']);
  });

  it('takes a control plane without TLS when that is said in so many words', () => {
    const data = {
      BEHAVRY_DEPLOYMENT_MODE: 'data-plane',
      BEHAVRY_CONTROL_PLANE_URL: 'http://control.example',
    };
    expect(faultsOf({ ...data, BEHAVRY_ALLOW_INSECURE_CONTROL_PLANE: 'true' })).not.toContain(
      'BEHAVRY_CONTROL_PLANE_URL',
    );
  });
});
