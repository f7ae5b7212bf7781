import { createPublicKey, type KeyObject } from 'node:crypto';
import { objectsOf, type PublicJwk } from '@behavry/contracts';
import { ConfigError } from '../config/load-config';

const MIN_MODULUS_BYTES = 256;

/**
 * @param key RSA private or public key
 * @returns the key as the contract's key set shows it, these members and no others
 * @throws Error when it is not an RSA key of at least 2048 bits
 */
export function publicJwkOf(key: KeyObject, kid: string): PublicJwk {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const { kty, n, e } = publicKey.export({ format: 'jwk' });
  if (kty !== 'RSA' || n === undefined || e === undefined) throw new Error('the key is not an RSA key');
  if (Buffer.from(n, 'base64url').length < MIN_MODULUS_BYTES)
    throw new Error('the RSA key has fewer than 2048 bits');
  return { kty: 'RSA', use: 'sig', alg: 'RS256', kid, n, e };
}

/**
 * Narrows a key set that somebody else sent or that lay on disk.
 * @returns the RSA keys for signatures in it, these members and no others; none for what is no list
 */
export function publicJwksIn(list: unknown): readonly PublicJwk[] {
  return objectsOf(list).flatMap(({ kty, use, alg, kid, n, e }) => {
    if (kty !== 'RSA' || (alg ?? 'RS256') !== 'RS256' || (use ?? 'sig') !== 'sig') return [];
    if (typeof kid !== 'string' || typeof n !== 'string' || typeof e !== 'string') return [];
    if (!/^[A-Za-z0-9._-]{1,200}$/.test(kid)) return [];
    if (Buffer.from(n, 'base64url').length < MIN_MODULUS_BYTES) return [];
    return [{ kty, use: 'sig', alg: 'RS256', kid, n, e }];
  });
}

/** @returns a PEM whose line ends may have been written as `\n` in an environment file */
export function pemOf(text: string): string {
  return text.replaceAll('\\n', '\n');
}

/**
 * The key that an operator pinned.
 * @param variable whose value the PEM is
 * @throws ConfigError when it is not an RSA public key of at least 2048 bits
 */
export function configuredPublicJwk(variable: string, pem: string, kid: string): PublicJwk {
  try {
    return publicJwkOf(createPublicKey(pemOf(pem)), kid);
  } catch {
    throw new ConfigError([`${variable} must be an RSA public key of at least 2048 bits in PEM`]);
  }
}
