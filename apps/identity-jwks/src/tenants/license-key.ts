import { randomBytes } from 'node:crypto';

/** @returns a new licence key */
export function newLicenseKey(): string {
  return `lic_${randomBytes(24).toString('base64url')}`;
}
