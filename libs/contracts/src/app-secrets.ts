import type { AppName } from './apps';

/** Secrets that only some processes may see; the migration job is identity-jwks. */
const ONLY_FOR: readonly (readonly [RegExp, readonly AppName[]])[] = [
  [/^BEHAVRY_SECRET_/u, ['mcp-proxy', 'llm-proxy', 'audit-writer']],
  [/^BEHAVRY_(?:DATA_PLANE_TOKEN|LICENSE_KEY)(?:_FILE)?$/u, ['license-service']],
  [/^BEHAVRY_JWT_PRIVATE_KEY(?:_FILE)?$/u, ['identity-jwks']],
];

/**
 * Whether a deployment may hand a variable to a process.
 * @param name an app, or another process of a plane
 * @returns false for secrets of other apps; true for everything that is nobody's in particular
 */
export function mayHaveSecret(name: string, variable: string): boolean {
  return ONLY_FOR.every(([pattern, apps]) => !pattern.test(variable) || apps.some((app) => app === name));
}
