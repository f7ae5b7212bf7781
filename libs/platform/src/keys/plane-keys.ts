import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export type DatabaseRole = 'app' | 'audit';

/**
 * Everything secret that a plane derives from its one `plane.key` (lifecycle: keys and secrets of a
 * plane): the keys that seal stored secrets, the bearer of `/internal/*`, the passwords of the logins.
 */
export class PlaneKeys {
  readonly #root: Buffer;

  /** @param root 32 random bytes */
  constructor(root: Buffer) {
    if (root.length !== 32) throw new Error('plane.key must hold exactly 32 bytes');
    this.#root = root;
  }

  /**
   * Reads the key file.
   * @throws Error that says to run the migration job when the file is not there
   */
  static read(file: string): PlaneKeys {
    try {
      return new PlaneKeys(readFileSync(file));
    } catch (cause) {
      throw new Error(`cannot read the plane key ${file}; run identity-jwks with --migrate first`, { cause });
    }
  }

  /** Reads the key file, or makes it (mode 0600) when there is none. Two makers never overwrite each other. */
  static readOrMake(file: string): PlaneKeys {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    try {
      const handle = openSync(file, 'wx', 0o600);
      writeSync(handle, randomBytes(32));
      fsyncSync(handle);
      closeSync(handle);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    return PlaneKeys.read(file);
  }

  /** @returns 32 bytes for one purpose (HKDF-SHA-256, RFC 5869) */
  derive(label: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#root, '', `behavry/${label}`, 32));
  }

  /** @returns HMAC-SHA-256 of a text under the key of `label`, base64url */
  mac(label: string, text: string): string {
    return createHmac('sha256', this.derive(label)).update(text).digest('base64url');
  }

  /** The bearer that apps of one plane show each other on `/internal/*`. */
  get internalBearer(): string {
    return this.derive('internal-bearer').toString('base64url');
  }

  /** The password of one of the plane's two database logins. */
  databasePassword(role: DatabaseRole): string {
    return this.derive(`database-${role}`).toString('base64url');
  }

  /**
   * Encrypts with AES-256-GCM under the key of `label`, which is authenticated too.
   * @returns base64url of nonce (12 bytes), tag (16), ciphertext
   */
  seal(label: string, plaintext: string | Buffer): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.derive(`seal/${label}`), nonce);
    const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
  }

  /**
   * Opens what {@link seal} made under the same label.
   * @throws Error when the text was altered, or sealed under another key or label
   */
  open(label: string, sealed: string): Buffer {
    const bytes = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', this.derive(`seal/${label}`), bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
  }
}
