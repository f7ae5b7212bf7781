import { sign } from 'node:crypto';
import type { SigningKey, SigningKeys } from '@behavry/platform';

/** Name of the key that signs bundles and config documents. */
export const BUNDLE_KEY_ID = 'behavry-bundle';

/** The key that signs what data planes run. */
export class BundleKey {
  constructor(private readonly key: SigningKey) {}

  get kid(): string {
    return this.key.kid;
  }

  /** @returns the RS256 signature of a JWS signing input (RFC 7518 §3.3) */
  sign(input: string): Buffer {
    return sign('sha256', Buffer.from(input), this.key.privateKey);
  }
}

/** Makes the key at the first start; its public half is readable for the licence and heartbeat answers. */
export async function bundleKey(keys: SigningKeys): Promise<BundleKey> {
  return new BundleKey(await keys.ensure('bundle', BUNDLE_KEY_ID));
}
