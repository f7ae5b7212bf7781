import { SecretReferenceError, type UpstreamSecrets } from '@behavry/platform';
import type { Dialect } from '../dialects/dialect';
import type { Candidate } from './candidates';

const KEY = /^[\x21-\x7e]{1,8192}$/;

export interface AuthorizationOptions {
  readonly dialect: Dialect;
  readonly secrets: UpstreamSecrets;
  /** The agent's own, in place of any other. */
  readonly ownKey: string | undefined;
}

/**
 * @returns the headers by which an address knows the key of a call; none where there is no key
 * @throws SecretReferenceError when its reference leads nowhere, or not to this host
 */
export async function authorizationOf(
  candidate: Candidate,
  { dialect, secrets, ownKey }: AuthorizationOptions,
): Promise<Readonly<Record<string, string>>> {
  const key = ownKey ?? (await keyOf(candidate, secrets));
  if (key === undefined) return {};
  const { authHeader } = candidate;
  if (authHeader === null) return dialect.authorize(key);
  return { [authHeader]: authHeader === 'authorization' ? `Bearer ${key}` : key };
}

async function keyOf({ id, base, key }: Candidate, secrets: UpstreamSecrets): Promise<string | undefined> {
  if (key.kind === 'none') return undefined;
  if (key.kind === 'plane') return key.value;
  const found = (await secrets.resolve({ key: key.text }, { id, url: base }))['key'] ?? '';
  if (!KEY.test(found)) throw new SecretReferenceError(`the reference ${key.text} leads to what is no key`);
  return found;
}
