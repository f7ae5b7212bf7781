import { createPublicKey } from 'node:crypto';
import { resolve } from 'node:path';
import { OPA_SERVICE, type PublicJwk } from '@behavry/contracts';
import { opaTokenFile } from '@behavry/platform';

export interface OpaSettings {
  /** Base URL of the service that has the bundle. */
  readonly serviceUrl: string;
  /** Certificate authorities (PEM file) that may vouch for the service, instead of those of the system. */
  readonly caFile?: string;
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly key: PublicJwk;
  /** Folder of OPA's files: token, opa.yaml, persisted bundle. A keeper puts its own in this one's place. */
  readonly folder: string;
}

/**
 * The configuration of the deciding OPA: signed bundles only, kept over restarts, long polling, nothing
 * uploaded. There is no section for decision logs: an empty one would send them to the control plane, and one
 * that prints them would cost a tenth of every decision for what the audit record holds already. Scalars are
 * written as JSON strings, which YAML reads alike.
 */
export function opaConfiguration(settings: OpaSettings): string {
  const { serviceUrl, caFile, tenantId, deploymentId, key, folder } = settings;
  const pem = createPublicKey({ key: { ...key }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const text = (value: string): string => JSON.stringify(value);
  const tls =
    caFile === undefined
      ? ''
      : `    tls:
      ca_cert: ${text(caFile)}
`;
  return `# Written by license-service; changes are overwritten.
services:
  ${OPA_SERVICE}:
    url: ${text(serviceUrl)}
    response_header_timeout_seconds: 10
    credentials:
      bearer:
        token_path: ${text(opaTokenFile(resolve(folder)))}
${tls}persistence_directory: ${text(resolve(folder, 'bundles'))}
keys:
  ${text(key.kid)}:
    algorithm: RS256
    key: ${text(String(pem))}
bundles:
  behavry:
    service: ${OPA_SERVICE}
    resource: ${text(`/api/v1/opa/bundle/${tenantId}?signed_by=${encodeURIComponent(key.kid)}`)}
    persist: true
    signing:
      keyid: ${text(key.kid)}
      scope: ${text(tenantId)}
    polling:
      min_delay_seconds: 30
      max_delay_seconds: 120
      long_polling_timeout_seconds: 45
status:
  console: false
  prometheus: true
labels:
  deployment_id: ${text(deploymentId)}
`;
}
