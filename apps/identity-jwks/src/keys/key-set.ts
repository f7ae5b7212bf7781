import type { PublicJwk } from '@behavry/contracts';

/**
 * Narrows a fetched or stored key set to the RSA signing keys in it; members that we do not use are dropped.
 * @returns undefined when the text holds no key set with at least one usable key
 */
export function parseKeySet(text: string): readonly PublicJwk[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const keys = (value as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) return undefined;
  const usable = keys.flatMap((key: unknown) => narrow(key));
  return usable.length > 0 ? usable : undefined;
}

function narrow(key: unknown): PublicJwk[] {
  if (typeof key !== 'object' || key === null) return [];
  const { kty, use, alg, kid, n, e } = key as Readonly<Record<string, unknown>>;
  if (kty !== 'RSA' || (alg ?? 'RS256') !== 'RS256' || (use ?? 'sig') !== 'sig') return [];
  if (typeof kid !== 'string' || typeof n !== 'string' || typeof e !== 'string') return [];
  if (Buffer.from(n, 'base64url').length < 256) return [];
  return [{ kty, use: 'sig', alg: 'RS256', kid, n, e }];
}
