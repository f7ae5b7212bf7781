import { generateKeyPairSync } from 'node:crypto';
import { load } from 'js-yaml';
import type { PublicJwk } from '@behavry/contracts';
import { opaConfiguration, type OpaSettings } from './opa-configuration';

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const SETTINGS: OpaSettings = {
  serviceUrl: 'https://control.example',
  tenantId: 'tenant',
  deploymentId: 'dp-1',
  key: { ...publicKey.export({ format: 'jwk' }), kid: 'behavry-bundle' } as PublicJwk,
  folder: '/var/lib/behavry/opa',
};

describe("OPA's configuration", () => {
  it("polls the tenant's bundle every 30 to 120 seconds, and runs on what it has meanwhile", () => {
    const { services, bundles } = load(opaConfiguration(SETTINGS)) as Record<string, Record<string, object>>;
    expect(Object.values(services ?? {})).toMatchObject([{ url: SETTINGS.serviceUrl }]);
    expect(bundles).toMatchObject({
      behavry: {
        resource: '/api/v1/opa/bundle/tenant?signed_by=behavry-bundle',
        persist: true,
        polling: { min_delay_seconds: 30, max_delay_seconds: 120 },
      },
    });
  });

  it('trusts the authorities of a private control plane, and no others', () => {
    const text = opaConfiguration({ ...SETTINGS, caFile: '/etc/behavry/ca: 1.pem' });
    expect(text).toContain(
      [
        '        token_path: "/var/lib/behavry/opa/token"',
        '    tls:',
        '      ca_cert: "/etc/behavry/ca: 1.pem"',
        'persistence_directory: "/var/lib/behavry/opa/bundles"',
      ].join('\n'),
    );
  });

  it('says nothing of authorities where those of the system do', () => {
    const text = opaConfiguration(SETTINGS);
    expect(text).not.toContain('tls');
    expect(text).toContain('token"\npersistence_directory:');
  });
});
