import { IsInt, IsOptional, IsString, Matches, Max, Min, ValidateBy, ValidateIf } from 'class-validator';
import { ConfigError, Env, ServiceConfig } from '@behavry/platform';

const URL_PATTERN = /^https?:\/\/[^\s]+$/;
const URL_FAULT = { message: 'must be an http:// or https:// URL' };
const onDataPlane = ({ mode }: LicenseConfig): boolean => mode === 'data-plane';

/** A check, under the name of a variable, that its value is there; so all faults come at once. */
function Needed(value: (config: LicenseConfig) => string | undefined): PropertyDecorator {
  return ValidateBy({
    name: 'needed',
    validator: {
      validate: (_own: unknown, args) => value(args?.object as LicenseConfig) !== undefined,
      defaultMessage: () => 'is needed on a data plane',
    },
  });
}

/** What license-service reads from its environment. */
export class LicenseConfig extends ServiceConfig {
  @Env('BEHAVRY_CONTROL_PLANE_URL', { description: 'On a data plane: base URL of its control plane.' })
  @ValidateIf(onDataPlane)
  @Matches(URL_PATTERN, URL_FAULT)
  controlPlaneUrl?: string;

  @Env('BEHAVRY_DATA_PLANE_TOKEN', { description: 'On a data plane: its token (dp_…).', sensitive: true })
  @ValidateIf(onDataPlane)
  @Matches(/^dp_[A-Za-z0-9_-]{8,200}$/, { message: 'must be a data-plane token (dp_…)' })
  dataPlaneToken?: string;

  @Env('BEHAVRY_LICENSE_KEY', {
    description: "On a data plane: its tenant's licence key (lic_…).",
    sensitive: true,
  })
  @ValidateIf(onDataPlane)
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

  @Env('BEHAVRY_OPA_URL', { description: 'Base URL of the deciding OPA.' })
  @IsOptional()
  @Matches(URL_PATTERN, URL_FAULT)
  opaUrl?: string;

  @Env('BEHAVRY_OPA_SOCKET', {
    description: 'Unix socket of the deciding OPA; comes before BEHAVRY_OPA_URL.',
  })
  @IsOptional()
  @IsString()
  opaSocket?: string;

  // Two checks rather than variables: every app may read these names, but a data plane cannot do without them.
  @ValidateIf(onDataPlane)
  @Needed(({ tenantId }) => tenantId)
  readonly BEHAVRY_TENANT_ID = undefined;

  @ValidateIf(onDataPlane)
  @Needed(({ deploymentId }) => deploymentId)
  readonly BEHAVRY_DEPLOYMENT_ID = undefined;
}

/** What a data plane must know to reach its control plane. */
export interface DataPlaneSettings {
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly controlPlaneUrl: string;
  readonly dataPlaneToken: string;
  readonly licenseKey: string;
}

/**
 * @returns the settings of a data plane
 * @throws ConfigError that names every variable that is missing
 */
export function dataPlaneSettings(config: LicenseConfig): DataPlaneSettings {
  const { tenantId, deploymentId, controlPlaneUrl, dataPlaneToken, licenseKey } = config;
  const wanted = {
    BEHAVRY_TENANT_ID: tenantId,
    BEHAVRY_DEPLOYMENT_ID: deploymentId,
    BEHAVRY_CONTROL_PLANE_URL: controlPlaneUrl,
    BEHAVRY_DATA_PLANE_TOKEN: dataPlaneToken,
    BEHAVRY_LICENSE_KEY: licenseKey,
  };
  const missing = Object.entries(wanted).filter(([, value]) => value === undefined);
  if (missing.length > 0) {
    throw new ConfigError(missing.map(([name]) => `${name} is needed on a data plane (not set)`));
  }
  return {
    tenantId: (tenantId ?? '').toLowerCase(),
    deploymentId: deploymentId ?? '',
    controlPlaneUrl: (controlPlaneUrl ?? '').replace(/\/+$/, ''),
    dataPlaneToken: dataPlaneToken ?? '',
    licenseKey: licenseKey ?? '',
  };
}
