import { IsIn, IsInt, IsOptional, IsString, IsUrl, Matches, Max, Min } from 'class-validator';
import { Env } from '@behavry/platform';

/** Environment of uplink-gate: one address to let through, and the way there. */
export class UplinkGateConfig {
  @Env('BEHAVRY_CONTROL_PLANE_URL', { description: 'The one address that is let through.' })
  @Matches(/^https:\/\/[^\s]+$/, { message: 'must be an https:// URL' })
  controlPlaneUrl!: string;

  @Env('BEHAVRY_HOST', { description: 'Address to listen on.' })
  @IsString()
  host: string = '127.0.0.1';

  @Env('BEHAVRY_GATE_PORT', { description: 'Port to which a plane’s HTTPS_PROXY leads.' })
  @IsInt()
  @Min(1)
  @Max(65_535)
  port: number = 3128;

  @Env('HTTPS_PROXY', {
    description: 'A further proxy that stands between the gate and the control plane.',
    sensitive: true,
  })
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http'] })
  httpsProxy?: string;

  @Env('BEHAVRY_LOG_LEVEL', { description: 'error, warn, info or debug.' })
  @IsIn(['error', 'warn', 'info', 'debug', 'silent'])
  logLevel: string = 'info';
}
