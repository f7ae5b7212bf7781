import { join } from 'node:path';
import { APP_NAMES, mayHaveSecret, type AppName } from '@behavry/contracts';
import { cleanEnv, demoModels, withoutCredentials } from '@behavry/components';
import type { ComponentAddresses } from './plane-components';
import { stdioSocket } from './stdio-host';
import { planeFolder, planeUrl, type PlaneSettings } from './plane-settings';

/** Variables of ours that are for the runner or for one process only, and are not handed to every app. */
const NOT_HANDED_DOWN = new Set([
  'BEHAVRY_DB_URL',
  'BEHAVRY_ADMIN_PASSWORD',
  'BEHAVRY_RUNNER_ONLY',
  'BEHAVRY_PORT',
]);

/** Where a plane's OPAs are asked. */
export function decidingSocket(settings: PlaneSettings): string {
  return join(settings.socketFolder, `${settings.name}.sock`);
}

/** Where a control plane's OPA with the product's own policies is asked, by a person: dry runs run their own. */
export function authoringSocket(settings: PlaneSettings): string {
  return join(settings.socketFolder, `${settings.name}-a.sock`);
}

/**
 * The environment that every app of a plane gets: settings of ours that the person has set, then where
 * this plane's parts are. Nothing else of the person's environment.
 */
export function planeEnv(settings: PlaneSettings, addresses: ComponentAddresses): Record<string, string> {
  const { mode, ports, secretsDir, tenantId, deploymentId, opaCommand, link } = settings;
  const given = Object.entries(process.env).filter(
    ([key, value]) => key.startsWith('BEHAVRY_') && !NOT_HANDED_DOWN.has(key) && value,
  ) as [string, string][];
  return {
    ...cleanEnv(),
    ...Object.fromEntries(given),
    NODE_ENV: 'production',
    BEHAVRY_DEPLOYMENT_MODE: mode,
    BEHAVRY_HOST: '127.0.0.1',
    BEHAVRY_DB_URL: withoutCredentials(addresses.ownerUrl),
    ...(addresses.redisUrl === undefined ? {} : { BEHAVRY_REDIS_URL: addresses.redisUrl }),
    BEHAVRY_REDIS_PREFIX: addresses.database.replaceAll('_', '-'),
    BEHAVRY_SECRETS_DIR: secretsDir,
    BEHAVRY_DATA_DIR: planeFolder(settings),
    BEHAVRY_TENANT_ID: tenantId,
    BEHAVRY_DEPLOYMENT_ID: deploymentId,
    BEHAVRY_PUBLIC_URL: planeUrl(settings),
    BEHAVRY_PLANE_PORT_BASE: String(ports.base),
    BEHAVRY_PLANE_REPLICAS: String(settings.replicas),
    BEHAVRY_OPS_URLS: APP_NAMES.map((app) => `${app}=http://127.0.0.1:${ports.ops(app)}`).join(','),
    BEHAVRY_ESCALATION_OPS_URL: `http://127.0.0.1:${ports.ops('escalation-worker')}`,
    BEHAVRY_OPA_BIN: opaCommand,
    BEHAVRY_POLICIES_DIR: join(settings.root, 'policies'),
    BEHAVRY_SHUTDOWN_SECONDS: '6',
    ...(mode === 'standalone'
      ? { BEHAVRY_BUNDLE_SERVER_URL: `http://127.0.0.1:${ports.app('bundle-server')}` }
      : {}),
    ...(mode === 'control-plane'
      ? {}
      : {
          BEHAVRY_STDIO_SOCKET: stdioSocket(settings),
          BEHAVRY_PLANE_PORTS: ports.ownRange,
          ...decidingEnv(settings),
          ...upstreamEnv(settings),
        }),
    ...link,
  };
}

/** What one process gets of its plane's environment: everything but the secrets of others. */
export function envOf(name: AppName | 'edge', env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([key]) => mayHaveSecret(name, key)));
}

function decidingEnv(settings: PlaneSettings): Record<string, string> {
  const isGiven = Boolean(process.env['BEHAVRY_OPA_URL'] || process.env['BEHAVRY_OPA_SOCKET']);
  return isGiven ? {} : { BEHAVRY_OPA_SOCKET: decidingSocket(settings) };
}

/** What the demo and its upstreams need; a person's own setting stays. */
function upstreamEnv({ hasDemoUpstreams, ports }: PlaneSettings): Record<string, string> {
  if (!hasDemoUpstreams) return {};
  return {
    // Short, so that the demo need not wait long to show what an undecided call comes to.
    BEHAVRY_ESCALATION_HOLD_SECONDS: process.env['BEHAVRY_ESCALATION_HOLD_SECONDS'] || '2',
    BEHAVRY_MCP_ALLOWED_HOSTS: process.env['BEHAVRY_MCP_ALLOWED_HOSTS'] || 'public,loopback',
    BEHAVRY_LLM_ALLOWED_HOSTS: process.env['BEHAVRY_LLM_ALLOWED_HOSTS'] || 'public,loopback',
    ...Object.fromEntries(
      Object.entries(demoModels(`http://127.0.0.1:${String(ports.model)}`)).map(([name, value]) => [
        name,
        process.env[name] || value,
      ]),
    ),
  };
}
