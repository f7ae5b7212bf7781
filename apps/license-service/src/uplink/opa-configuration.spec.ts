import { generateKeyPairSync } from 'node:crypto';
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
