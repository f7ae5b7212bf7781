import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Pool } from 'pg';
import type { PublicJwk } from '@behavry/contracts';
import type { Clock } from '../time/clock';
import type { PlaneKeys } from './plane-keys';
import { publicJwkOf } from './public-jwk';

export type KeyPurpose = 'agent' | 'bundle';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

interface Row {
  readonly kid: string;
  readonly public_jwk: PublicJwk;
  readonly sealed_private: string;
}

/** The plane's RSA signing keys: made once, private halves sealed with the plane key, public halves readable. */
export class SigningKeys {
  constructor(
    private readonly pool: Pool,
    private readonly keys: PlaneKeys,
    private readonly clock: Clock,
  ) {}

  /** @returns the key of this id, made now when there is none; two makers agree on one */
  async ensure(purpose: KeyPurpose, kid: string): Promise<SigningKey> {
    const found = await this.#find(kid);
    if (found) return found;
    const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
    const sealed = this.keys.seal(`signing-key/${kid}`, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await this.pool.query(
      `INSERT INTO plane.signing_keys (kid, purpose, public_jwk, sealed_private, created_at)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT (kid) DO NOTHING`,
      [kid, purpose, JSON.stringify(publicJwkOf(privateKey, kid)), sealed, new Date(this.clock.now())],
    );
    const made = await this.#find(kid);
    if (!made) throw new Error(`signing key ${kid} was not stored`);
    return made;
  }

  /** @returns the public halves for a purpose, oldest first */
  async publicKeys(purpose: KeyPurpose): Promise<readonly PublicJwk[]> {
    const { rows } = await this.pool.query<Row>(
      'SELECT public_jwk FROM plane.signing_keys WHERE purpose = $1 ORDER BY created_at',
      [purpose],
    );
    return rows.map(({ public_jwk }) => public_jwk);
  }

  async #find(kid: string): Promise<SigningKey | undefined> {
    const { rows } = await this.pool.query<Row>(
      'SELECT kid, public_jwk, sealed_private FROM plane.signing_keys WHERE kid = $1',
      [kid],
    );
    const row = rows[0];
    if (!row) return undefined;
    const pem = this.keys.open(`signing-key/${kid}`, row.sealed_private).toString('utf8');
    return { kid, privateKey: createPrivateKey(pem), publicJwk: row.public_jwk };
  }
}
