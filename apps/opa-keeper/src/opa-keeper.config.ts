import { IsBoolean, IsIn, IsInt, IsOptional, IsString, IsUrl, Matches, Max, Min } from 'class-validator';
import { ConfigError, Env, HTTP_URL_RULE, loadConfig, OpaToken } from '@behavry/platform';
import { readListenAddress, type ListenAddress } from './domain/listen-address';

/** What may stand in a value of OPA's `--set` without being read as something else. */
const FOLDER = /^\/[A-Za-z0-9._/-]*$/;
const FOLDER_FAULT = { message: 'must be an absolute path of letters, digits and . _ - /' };

/** Environment of the keeper. */
export class OpaKeeperConfig {
  @Env('BEHAVRY_OPA_BIN', { description: 'The opa command (1.22 or newer), a path or a name on PATH.' })
  @IsString()
  command: string = 'opa';

  @Env('BEHAVRY_OPA_LISTEN', {
    description:
      'Where the deciding OPA is asked: unix://<path>, a link that the keeper moves from one OPA to the next, or <host>:<port>, for which BEHAVRY_OPA_TOKEN is needed off loopback.',
  })
  @IsString()
  listen: string = 'unix:///run/opa/opa.sock';

  @Env('BEHAVRY_OPA_FILES_DIR', {
    description: "Folder of OPA's files: opa.yaml, its token, the persisted bundle.",
  })
  @Matches(FOLDER, FOLDER_FAULT)
  filesDir: string = '/var/lib/behavry/opa';

  @Env('BEHAVRY_OPA_FILES_URL', {
    description:
      'Ops port of license-service, where opa.yaml and token are fetched; when not set, license-service writes them into the folder itself.',
  })
  @IsOptional()
  @IsUrl(HTTP_URL_RULE)
  filesUrl?: string;

  @Env('BEHAVRY_OPA_SYSTEM_DIR', {
    description: 'Folder of the Rego that guards OPA itself (docker/opa/system).',
  })
  @Matches(FOLDER, FOLDER_FAULT)
  systemDir: string = '/opt/behavry/opa/system';

  @OpaToken()
  token?: string;

  @Env('BEHAVRY_OPA_AUTHORIZATION', {
    description:
      'Whether OPA checks each request where only its socket leads to it; costs a third of a decision. With a token it always does.',
  })
  @IsBoolean()
  hasAuthorization: boolean = true;

  @Env('BEHAVRY_OPA_ACTIVATION_SECONDS', {
    description:
      'How long an OPA with a changed configuration may take until it has policies; then the one before stays.',
  })
  @IsInt()
  @Min(1)
  @Max(3600)
  activationSeconds: number = 60;

  @Env('BEHAVRY_OPA_STAGGER_SECONDS', {
    description:
      'Over TCP a changed configuration restarts OPA after a random part of this time, so that replicas do not restart together.',
  })
  @IsInt()
  @Min(0)
  @Max(3600)
  staggerSeconds: number = 60;

  @Env('BEHAVRY_OPS_HOST', {
    description:
      'Address of the ops port (health, metrics, plane-internal calls). In containers 0.0.0.0, behind a network policy.',
  })
  @IsString()
  opsHost: string = '127.0.0.1';

  @Env('BEHAVRY_OPA_OPS_PORT', { description: "Port of the keeper's health and of OPA's metrics." })
  @IsInt()
  @Min(1)
  @Max(65535)
  opsPort: number = 8282;

  @Env('BEHAVRY_LOG_LEVEL', { description: 'error, warn, info or debug.' })
  @IsIn(['error', 'warn', 'info', 'debug', 'silent'])
  logLevel: string = 'info';
}

/** The configuration with its address read. */
export interface KeeperSettings {
  readonly config: OpaKeeperConfig;
  readonly listen: ListenAddress;
}

/** @throws ConfigError with every fault */
export function loadSettings(environment: Readonly<Record<string, string | undefined>>): KeeperSettings {
  const faults: string[] = [];
  let config = new OpaKeeperConfig();
  try {
    config = loadConfig(OpaKeeperConfig, environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(...error.faults);
  }
  // What was set, also where another fault keeps it out of the configuration.
  const isSet = (name: string): boolean => Boolean(environment[name]);
  const hasToken =
    config.token !== undefined || isSet('BEHAVRY_OPA_TOKEN') || isSet('BEHAVRY_OPA_TOKEN_FILE');
  const listen = readListenAddress(environment['BEHAVRY_OPA_LISTEN'] || config.listen);
  if (!listen)
    faults.push(
      'BEHAVRY_OPA_LISTEN must be unix://<absolute path of at most 95 characters> or <host>:<port>',
    );
  else if (listen.kind === 'tcp' && !listen.isLoopback && !hasToken)
    faults.push('BEHAVRY_OPA_TOKEN must be set where OPA listens on the network (BEHAVRY_OPA_LISTEN)');
  if (isSet('BEHAVRY_OPA_FILES_URL') && !hasToken)
    faults.push('BEHAVRY_OPA_TOKEN must be set to fetch files (BEHAVRY_OPA_FILES_URL)');
  if (faults.length > 0 || !listen) throw new ConfigError(faults);
  return { config, listen };
}
