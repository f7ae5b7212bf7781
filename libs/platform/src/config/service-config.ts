import {
  ArrayMaxSize,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  IsUrl,
  IsUUID,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { MODES, type Mode } from '@behavry/contracts';
import { Env } from './env';
import { HTTP_URL_RULE } from './opa-fields';

/** Enough to tell a slip of the pen; the server refuses what is no address. */
const ADDRESS_OR_NETWORK = /^[0-9a-fA-F:.]+(\/\d{1,3})?$/;

/** What every app reads from its environment; each app's own class extends it. */
export class ServiceConfig {
  @Env('BEHAVRY_DEPLOYMENT_MODE', { description: 'standalone, control-plane or data-plane.' })
  @IsIn(MODES)
  mode: Mode = 'standalone';

  @Env('BEHAVRY_HOST', { description: 'Address to listen on.' })
  @IsString()
  host: string = '127.0.0.1';

  @Env('BEHAVRY_OPS_HOST', {
    description:
      'Address of the ops port (health, metrics, plane-internal calls). In containers 0.0.0.0, behind a network policy.',
  })
  @IsString()
  opsHost: string = '127.0.0.1';

  @Env('BEHAVRY_PORT', { description: 'Port of the service; health and metrics listen on the next one.' })
  @IsInt()
  @Min(1)
  @Max(65534)
  port: number = 8000;

  @Env('BEHAVRY_PUBLIC_URL', { description: 'Base URL under which clients reach this plane.' })
  @IsOptional()
  @Matches(/^https?:\/\/[^\s]+$/, { message: 'must be an http:// or https:// URL' })
  publicUrl?: string;

  @Env('BEHAVRY_TRUSTED_PROXIES', {
    description:
      'Addresses or networks (CIDR) of the proxies before this service; X-Forwarded-* of anybody else is ignored.',
  })
  @ArrayMaxSize(100)
  @Matches(ADDRESS_OR_NETWORK, {
    each: true,
    message: 'must hold IP addresses or networks such as 10.0.0.0/8',
  })
  trustedProxies: string[] = ['127.0.0.0/8', '::1/128'];

  @Env('BEHAVRY_LOG_LEVEL', { description: 'error, warn, info or debug.' })
  @IsIn(['error', 'warn', 'info', 'debug', 'silent'])
  logLevel: string = 'info';

  @Env('BEHAVRY_DB_URL', {
    description:
      "The plane's PostgreSQL database. Services use its host, port and name with logins of their own; only --migrate uses its user.",
    sensitive: true,
  })
  @Matches(/^postgres(ql)?:\/\//, { message: 'must be a postgres:// URL' })
  dbUrl!: string;

  @Env('BEHAVRY_REDIS_URL', {
    description: 'Redis for queues and plane state; without it PostgreSQL serves both.',
    sensitive: true,
  })
  @IsOptional()
  @Matches(/^rediss?:\/\//, { message: 'must be a redis:// or rediss:// URL' })
  redisUrl?: string;

  @Env('BEHAVRY_REDIS_PREFIX', { description: 'Key prefix of this plane in a shared Redis.' })
  @Matches(/^[a-z0-9_-]+$/, { message: 'may hold a-z, 0-9, _ and - only' })
  redisPrefix: string = 'behavry';

  @Env('BEHAVRY_TENANT_ID', {
    description: 'Tenant that a data plane serves (UUID); the default tenant elsewhere.',
  })
  @IsOptional()
  @IsUUID()
  tenantId?: string;

  @Env('BEHAVRY_DEPLOYMENT_ID', { description: 'Stable name of this data plane, for example dp-us-east-01.' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, { message: 'may hold letters, digits, dot, _ and -' })
  deploymentId?: string;

  @Env('BEHAVRY_DATA_DIR', {
    description: "Folder for this plane's files: spools, caches, the OPA configuration.",
  })
  @IsString()
  dataDir: string = '/var/lib/behavry';

  @Env('BEHAVRY_SECRETS_DIR', { description: "Folder of the plane's secrets, shared by its apps." })
  @IsString()
  secretsDir: string = '/run/secrets/behavry';

  @Env('BEHAVRY_PLANE_KEY_FILE', {
    description: 'The plane key, when it is not plane.key in the secrets folder.',
  })
  @IsOptional()
  @IsString()
  planeKeyFile?: string;

  @Env('BEHAVRY_SHUTDOWN_SECONDS', { description: 'Time that a stopping service has to finish its work.' })
  @IsInt()
  @Min(1)
  @Max(300)
  shutdownSeconds: number = 10;

  @Env('BEHAVRY_OTEL_ENDPOINT', {
    description:
      "OTLP/HTTP base URL of the plane's collector, for example http://otel-collector:4318; without it nothing is traced.",
  })
  @IsOptional()
  @IsUrl(
    { ...HTTP_URL_RULE, disallow_auth: true, allow_fragments: false, allow_query_components: false },
    { message: 'must be an http(s) URL without credentials, query and fragment' },
  )
  otelEndpoint?: string;

  @Env('BEHAVRY_OTEL_SAMPLE', {
    description: 'Part of all requests that is traced, 0 to 1; no caller can change it for its own.',
  })
  @IsNumber()
  @Min(0)
  @Max(1)
  otelSample: number = 0.05;

  /** @returns what is wrong between fields, as sentences that begin with the name of a variable */
  faults(): readonly string[] {
    return [];
  }
}
