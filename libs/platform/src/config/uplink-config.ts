import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { IsBoolean, IsOptional, IsString, IsUrl, ValidateBy, ValidateIf } from 'class-validator';
import { Env } from './env';
import { ServiceConfig } from './service-config';

/** For a field that only a data plane needs. */
export const OnDataPlane = (): PropertyDecorator =>
  ValidateIf(({ mode }: ServiceConfig) => mode === 'data-plane');

/** What an app reads that reaches from a data plane to its control plane. */
export class UplinkConfig extends ServiceConfig {
  @Env('BEHAVRY_CONTROL_PLANE_URL', {
    description: 'On a data plane: base URL of its control plane; https, but on loopback.',
  })
  @OnDataPlane()
  @ValidateBy({
    name: 'isSafeUrl',
    validator: {
      validate: (url: unknown, args) =>
        isSafe(url, (args?.object as UplinkConfig).isInsecureControlPlaneAllowed),
      defaultMessage: () =>
        'must be an https:// URL; http:// only on loopback, or with BEHAVRY_ALLOW_INSECURE_CONTROL_PLANE=true on a network that nobody else reaches',
    },
  })
  controlPlaneUrl?: string;

  @Env('BEHAVRY_ALLOW_INSECURE_CONTROL_PLANE', {
    description:
      'Whether the control plane may be reached without TLS. Whoever sits on the way can then read the token and replay old policy.',
  })
  @IsBoolean()
  isInsecureControlPlaneAllowed: boolean = false;

  @Env('BEHAVRY_CONTROL_PLANE_CA_FILE', {
    description:
      'PEM file with the authorities that may vouch for the control plane, instead of the public ones; OPA needs it at the same path.',
  })
  @IsOptional()
  @IsString()
  controlPlaneCaFile?: string;

  @Env('HTTPS_PROXY', {
    description: 'HTTP proxy through which the control plane is reached; tools and models are not.',
    sensitive: true,
  })
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  httpsProxy?: string;

  @Env('NO_PROXY', { description: 'Hosts that are reached without HTTPS_PROXY, comma-separated.' })
  @IsOptional()
  @IsString()
  noProxy?: string;

  /** Every app may be given these; a data plane cannot do without them. */
  override faults(): readonly string[] {
    if (this.mode !== 'data-plane') return [];
    const caFault = caFaultOf(this.controlPlaneCaFile);
    const needed = { BEHAVRY_TENANT_ID: this.tenantId, BEHAVRY_DEPLOYMENT_ID: this.deploymentId };
    const missing = Object.entries(needed).flatMap(([name, value]) =>
      value === undefined ? [`${name} is needed on a data plane (not set)`] : [],
    );
    return caFault === undefined ? missing : [...missing, caFault];
  }
}

function caFaultOf(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    new X509Certificate(readFileSync(file));
    return undefined;
  } catch {
    return `BEHAVRY_CONTROL_PLANE_CA_FILE names ${file}, which is no readable PEM file of certificates`;
  }
}

function isSafe(url: unknown, isInsecureAllowed: boolean): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
  return protocol === 'https:' || (protocol === 'http:' && (isInsecureAllowed || isLoopback));
}
