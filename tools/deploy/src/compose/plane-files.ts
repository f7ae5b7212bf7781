import { load, YAML11_SCHEMA } from 'js-yaml';
import { appsOf, mayHaveReplicas, type Mode } from '@behavry/contracts';

/** What this reads of a service in `docker-compose.yml`. */
interface Service {
  readonly profiles: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks?: readonly string[];
  readonly volumes?: readonly string[];
  readonly image?: string;
}

/** `docker-compose.yml` as far as the plane files follow from it. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

type SplitMode = Exclude<Mode, 'standalone'>;

/** Variables that a plane cannot do without: what each is and where it comes from (contract: Docker Compose Setup). */
const REQUIRED: Readonly<Record<SplitMode, Readonly<Record<string, string>>>> = {
  'control-plane': {
    BEHAVRY_JWT_PRIVATE_KEY: 'RSA private key (PEM) that signs tokens; npx nx run deploy:env makes one',
    BEHAVRY_JWT_PUBLIC_KEY: 'its public half (PEM); npx nx run deploy:env makes one',
  },
  'data-plane': {
    BEHAVRY_CONTROL_PLANE_URL: 'https:// address of the control plane',
    BEHAVRY_DATA_PLANE_TOKEN: 'dp_… token, from POST /api/v1/admin/data-plane-tokens on the control plane',
    BEHAVRY_LICENSE_KEY: 'lic_… key, from GET /api/v1/admin/license on the control plane',
    BEHAVRY_DEPLOYMENT_ID: 'stable name of this data plane, for example dp-us-east-01',
    BEHAVRY_TENANT_ID: 'UUID of the tenant, tenant_id of the token that was issued',
    BEHAVRY_JWT_PUBLIC_KEY: "the control plane's public key (PEM), of its /.well-known/jwks.json",
  },
};

/** Which services of no mode are offered beside it, under profiles of their own. */
const BESIDE: Readonly<Record<SplitMode, readonly string[]>> = {
  'control-plane': ['observability', 'telemetry'],
  'data-plane': ['observability', 'telemetry', 'demo'],
};

/** @returns the parsed `docker-compose.yml` */
export function readCompose(text: string): ComposeFile {
  return load(text, { schema: YAML11_SCHEMA }) as ComposeFile;
}

/**
 * The compose file of one plane: each of its services extends the one of `docker-compose.yml`, with the mode and the
 * variables it cannot do without.
 * @throws Error when an app of the mode has no service or a service of it is no app of the mode
 */
export function planeFile(compose: ComposeFile, mode: SplitMode): string {
  const own = Object.entries(compose.services).filter(([, { profiles }]) => profiles.includes(mode));
  const beside = Object.entries(compose.services).filter(
    ([name, { profiles }]) =>
      !own.some(([known]) => known === name) && profiles.some((profile) => BESIDE[mode].includes(profile)),
  );
  const missing = appsOf(mode).filter(({ name }) => !own.some(([service]) => service === name));
  if (missing.length > 0)
    throw new Error(`docker-compose.yml lacks ${missing.map(({ name }) => name).join(', ')} in ${mode}`);
  const all = [...own, ...beside].map(([, service]) => service);
  const networks = used(
    Object.keys(compose.networks),
    all.flatMap((service) => service.networks ?? []),
  );
  const volumes = used(
    Object.keys(compose.volumes),
    all.flatMap((service) => service.volumes ?? []).flatMap(namesIn),
  );
  return [
    `# A ${mode.replace('-', ' ')}: docker compose -f docker/docker-compose.${mode}.yml up -d`,
    '# Generated from docker-compose.yml and the list of apps of the mode by npm run generate.',
    `name: behavry-${mode}`,
    '',
    'services:',
    ...own.flatMap(([name, service]) => extending(name, service, mode, true)),
    ...beside.flatMap(([name, service]) => extending(name, service, mode, false)),
    '',
    'secrets:',
    "  ca: { file: '${BEHAVRY_BUILD_CA:-/dev/null}' }",
    '',
    'networks:',
    ...networks.map((name) => `  ${name}: ${JSON.stringify(compose.networks[name])}`),
    '',
    'volumes:',
    ...volumes.map((name) => `  ${name}: ${JSON.stringify(compose.volumes[name])}`),
    '',
  ].join('\n');
}

function extending(name: string, service: Service, mode: SplitMode, isOwn: boolean): string[] {
  const required = Object.entries(REQUIRED[mode]).filter(
    ([variable]) => service.environment?.[variable] !== undefined,
  );
  const environment = [
    ...(service.environment?.['BEHAVRY_DEPLOYMENT_MODE'] === undefined
      ? []
      : [`      BEHAVRY_DEPLOYMENT_MODE: ${mode}`]),
    ...required.map(([variable, what]) => `      ${variable}: \${${variable}:?${what}}`),
  ];
  return [
    `  ${name}:`,
    `    extends: { file: docker-compose.yml, service: ${name} }`,
    // Written out, because an inherited profile would keep the service from starting.
    ...(isOwn ? ['    profiles: !reset []'] : []),
    // Which plane it is decides, so the shared file cannot say it.
    ...(name === 'license-service' && mayHaveReplicas(name, mode)
      ? ['    scale: ${BEHAVRY_REPLICAS:-1}']
      : []),
    ...(name === 'edge'
      ? [`    command: [-c, '/etc/nginx/edge/api-tls-\${BEHAVRY_API_TLS:-false}/nginx.${mode}.conf']`]
      : []),
    ...(environment.length > 0 ? ['    environment:', ...environment] : []),
  ];
}

function used(declared: readonly string[], named: readonly string[]): string[] {
  return declared.filter((name) => named.includes(name));
}

/** Names of volumes in `name:/folder` and `${VARIABLE:-name}:/folder`; the folder may be a variable too. */
function namesIn(volume: string): string[] {
  const name = /^(?:\$\{\w+:-)?([a-z][a-z-]*)\}?:[/$]/.exec(volume)?.[1];
  return name === undefined ? [] : [name];
}
