import type { Mode, Plane } from './modes';

/** One separately deployed process. `index` fixes its place in the port plan of the local runner. */
export interface AppDefinition {
  readonly name: AppName;
  readonly plane: Plane;
  readonly index: number;
}

export const APP_NAMES = [
  'identity-jwks',
  'policy-service',
  'bundle-server',
  'license-service',
  'mcp-proxy',
  'llm-proxy',
  'audit-writer',
  'behavior-monitor',
  'escalation-worker',
] as const;
export type AppName = (typeof APP_NAMES)[number];

const PLANE_OF: Readonly<Record<AppName, Plane>> = {
  'identity-jwks': 'all',
  'policy-service': 'control',
  'bundle-server': 'control',
  'license-service': 'all',
  'mcp-proxy': 'data',
  'llm-proxy': 'data',
  'audit-writer': 'data',
  'behavior-monitor': 'data',
  'escalation-worker': 'data',
};

/** Every app in start order of its plane (lifecycle: identity first). */
export const APPS: readonly AppDefinition[] = APP_NAMES.map((name, index) => ({
  name,
  plane: PLANE_OF[name],
  index,
}));

/**
 * Whether an app belongs to a mode. The same rule lists the processes of a mode and is the guard
 * with which a process refuses to start in a foreign one (architecture: planes and processes).
 */
export function appRunsIn(app: AppName, mode: Mode): boolean {
  const plane = PLANE_OF[app];
  return mode === 'standalone' || plane === 'all' || `${plane}-plane` === mode;
}

/**
 * Whether an app may run more than once on one plane: all but the license-service that holds the plane's uplink
 * (docs/scaling.md).
 */
export function mayHaveReplicas(app: AppName, mode: Mode): boolean {
  return app !== 'license-service' || mode === 'control-plane';
}

/** The apps that make up a mode, in start order. */
export function appsOf(mode: Mode): readonly AppDefinition[] {
  return APPS.filter((app) => appRunsIn(app.name, mode));
}
