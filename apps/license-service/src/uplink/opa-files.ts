import { createPublicKey } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { PublicJwk } from '@behavry/contracts';
import { readQuietly, writePrivately } from './small-file';

export interface OpaSettings {
  /** Base URL of the service that has the bundle. */
  readonly serviceUrl: string;
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly key: PublicJwk;
  /** Folder of OPA's files: token, opa.yaml, persisted bundle. */
  readonly folder: string;
}

/** @returns where OPA reads its token from, anew for every request */
export function opaTokenFile(folder: string): string {
  return resolve(folder, 'token');
}

/**
 * The configuration of the deciding OPA: signed bundles only, kept over restarts, long polling, nothing
 * uploaded. There is no section for decision logs: an empty one would send them to the control plane, and one
 * that prints them would cost a tenth of every decision for what the audit record holds already. Scalars are
 * written as JSON strings, which YAML reads alike.
 */
export function opaConfiguration({ serviceUrl, tenantId, deploymentId, key, folder }: OpaSettings): string {
  const pem = createPublicKey({ key: { ...key }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const text = (value: string): string => JSON.stringify(value);
  return `# Written by license-service; changes are overwritten.
services:
  behavry-control:
    url: ${text(serviceUrl)}
    response_header_timeout_seconds: 10
    credentials:
      bearer:
        token_path: ${text(opaTokenFile(folder))}
persistence_directory: ${text(resolve(folder, 'bundles'))}
keys:
  ${text(key.kid)}:
    algorithm: RS256
    key: ${text(String(pem))}
bundles:
  behavry:
    service: behavry-control
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

/** Writes token and configuration where they differ from what is there. */
export function writeOpaFiles(settings: OpaSettings, token: string): void {
  writeIfNew(opaTokenFile(settings.folder), token);
  // The configuration comes last: OPA is started when it is there.
  writeIfNew(join(settings.folder, 'opa.yaml'), opaConfiguration(settings));
}

function writeIfNew(file: string, text: string): void {
  if (readQuietly(file) !== text) writePrivately(file, text);
}
