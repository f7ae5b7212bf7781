import { IsBoolean, IsInt, IsOptional, IsString, Matches, Max, Min, MinLength } from 'class-validator';
import type { AppName } from '@behavry/contracts';
import { Env, UplinkConfig } from '@behavry/platform';

/** What identity-jwks reads from its environment. */
export class IdentityConfig extends UplinkConfig {
  @Env('BEHAVRY_ADMIN_PASSWORD', {
    description:
      'Password of the first administrator `admin`; read by --migrate when there is no administrator yet.',
    sensitive: true,
  })
  @IsOptional()
  @IsString()
  @MinLength(8)
  adminPassword?: string;

  @Env('BEHAVRY_JWT_PRIVATE_KEY', {
    description:
      'RSA private key (PEM) that signs tokens on a control plane or standalone; made once when not set.',
    sensitive: true,
  })
  @IsOptional()
  @IsString()
  jwtPrivateKey?: string;

  @Env('BEHAVRY_JWT_PUBLIC_KEY', {
    description:
      "On a data plane: the control plane's public key (PEM). A fetched key of the same id never replaces it; keys of other ids (a rotation) are taken from the key set.",
  })
  @IsOptional()
  @IsString()
  jwtPublicKey?: string;

  @Env('BEHAVRY_JWT_ISSUER', { description: 'Issuer name of the control plane in tokens.' })
  @IsString()
  @Matches(/^[^\s]{1,200}$/)
  jwtIssuer: string = 'behavry';

  @Env('BEHAVRY_TOKEN_TTL_SECONDS', { description: 'Life of a token of an agent or a person, in seconds.' })
  @IsInt()
  @Min(1)
  @Max(86_400)
  tokenTtlSeconds: number = 3600;

  override publicUrl: string = 'http://127.0.0.1:8000';

  @Env('BEHAVRY_SIGNUP_ENABLED', {
    description: 'Whether strangers may open a trial tenant at POST /api/v1/signup.',
  })
  @IsBoolean()
  isSignupEnabled: boolean = false;

  @Env('BEHAVRY_OPS_URLS', {
    description:
      'Where the ops ports of the other apps are, as app=url; an app that is not named is at http://<app>:8001.',
  })
  @Matches(/^[a-z-]+=https?:\/\/\S+$/, {
    each: true,
    message: 'must hold entries such as mcp-proxy=http://host:8001',
  })
  opsUrls: string[] = [];

  /** @returns base URL of an app's ops port */
  opsUrlOf(app: AppName): string {
    const own = this.opsUrls.find((entry) => entry.startsWith(`${app}=`));
    return own?.slice(app.length + 1) ?? `http://${app}:8001`;
  }
}

/** What a data plane must know of itself. */
export interface DataPlaneIdentity {
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly controlPlaneUrl: string;
}

/** @returns the identity of a data plane, whose configuration was validated when it was read */
export function dataPlaneIdentity(config: IdentityConfig): DataPlaneIdentity {
  const { tenantId = '', deploymentId = '', controlPlaneUrl = '' } = config;
  return { tenantId, deploymentId, controlPlaneUrl };
}
