import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { PublicJwk } from '@behavry/contracts';
import { ConfigError, pemOf, publicJwkOf, type ServiceContext, type SigningKeys } from '@behavry/platform';
import { dataPlaneIdentity, type IdentityConfig } from '../identity-jwks.config';

/** The key with which this plane signs, and the name under which it does. */
export abstract class OwnKey {
  abstract readonly issuer: string;
  abstract readonly kid: string;
  abstract readonly privateKey: KeyObject;
  abstract readonly publicJwk: PublicJwk;
}

export const CONTROL_KID = 'behavry-rs256';

/** @returns issuer and key id of this plane (semantics: issuers and audiences) */
export function issuerOf(config: IdentityConfig): { readonly issuer: string; readonly kid: string } {
  if (config.mode !== 'data-plane') return { issuer: config.jwtIssuer, kid: CONTROL_KID };
  const { deploymentId } = dataPlaneIdentity(config);
  return { issuer: `behavry:${deploymentId}`, kid: `behavry-dp-${deploymentId}` };
}

/**
 * Finds the plane's signing key: the configured one where there is one, else the one made once and kept.
 * @throws ConfigError when the configured key is not an RSA key of at least 2048 bits
 */
export async function ownKey(context: ServiceContext<IdentityConfig>, keys: SigningKeys): Promise<OwnKey> {
  const { config } = context;
  const { issuer, kid } = issuerOf(config);
  if (config.mode !== 'data-plane' && config.jwtPrivateKey !== undefined) {
    return { issuer, kid, ...configuredKey(config.jwtPrivateKey, kid) };
  }
  const { privateKey, publicJwk } = await keys.ensure('agent', kid);
  return { issuer, kid, privateKey, publicJwk };
}

function configuredKey(text: string, kid: string): { privateKey: KeyObject; publicJwk: PublicJwk } {
  try {
    const privateKey = createPrivateKey(pemOf(text));
    return { privateKey, publicJwk: publicJwkOf(privateKey, kid) };
  } catch {
    // The library's message could repeat a part of the key.
    throw new ConfigError([
      'BEHAVRY_JWT_PRIVATE_KEY must be an RSA private key of at least 2048 bits in PEM',
    ]);
  }
}
