import { IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { Env, OnDataPlane, OpaSocket, OpaToken, OpaUrl, UplinkConfig } from '@behavry/platform';

const URL_PATTERN = /^https?:\/\/[^\s]+$/;
const URL_FAULT = { message: 'must be an http:// or https:// URL' };

/** What license-service reads from its environment. */
export class LicenseConfig extends UplinkConfig {
  @Env('BEHAVRY_DATA_PLANE_TOKEN', { description: 'On a data plane: its token (dp_…).', sensitive: true })
  @OnDataPlane()
  @Matches(/^dp_[A-Za-z0-9_-]{8,200}$/, { message: 'must be a data-plane token (dp_…)' })
  dataPlaneToken?: string;

  @Env('BEHAVRY_LICENSE_KEY', {
    description: "On a data plane: its tenant's licence key (lic_…).",
    sensitive: true,
  })
  @OnDataPlane()
  @IsString()
  licenseKey?: string;

  @Env('BEHAVRY_HEARTBEAT_INTERVAL', { description: 'Seconds between heartbeats of a data plane.' })
  @IsInt()
  @Min(1)
  @Max(3600)
  heartbeatInterval: number = 60;

  @Env('BEHAVRY_BUNDLE_SERVER_URL', {
    description: 'In standalone: where the plane finds its own bundle-server.',
  })
  @Matches(URL_PATTERN, URL_FAULT)
  bundleServerUrl: string = 'http://127.0.0.1:8000';

  @Env('BEHAVRY_BUNDLE_PUBLIC_KEY', {
    description:
      'RSA public key (PEM) that must sign bundles and config documents; pinned at first contact when not set.',
  })
  @IsOptional()
  @IsString()
  bundlePublicKey?: string;

  @OpaUrl()
  opaUrl?: string;

  @OpaSocket()
  opaSocket?: string;

  @OpaToken()
  opaToken?: string;
}

/** What a data plane must know to reach its control plane. */
export interface DataPlaneSettings {
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly controlPlaneUrl: string;
  readonly dataPlaneToken: string;
  readonly licenseKey: string;
}

/** @returns the settings of a data plane, whose configuration was validated when it was read */
export function dataPlaneSettings(config: LicenseConfig): DataPlaneSettings {
  const {
    tenantId = '',
    deploymentId = '',
    controlPlaneUrl = '',
    dataPlaneToken = '',
    licenseKey = '',
  } = config;
  return {
    tenantId: tenantId.toLowerCase(),
    deploymentId,
    controlPlaneUrl: controlPlaneUrl.replace(/\/+$/, ''),
    dataPlaneToken,
    licenseKey,
  };
}
