import type { Dialect } from '../dialects/dialect';
import type { OutboundHeaders } from '../dialects/request-headers';

/**
 * What an answer says about the plane's own key is not for the agent: told as it is, it would be taken for a word about
 * its own token, and a talkative provider would give the key away.
 * @returns for the operator's log; undefined when there is nothing of the kind
 */
export function keyFault(
  dialect: Dialect,
  { key, keySource }: OutboundHeaders,
  status: number,
  bytes: Buffer,
): string | undefined {
  if (keySource === 'request') return undefined;
  if (status === 401 || status === 403 || dialect.isKeyFault?.(status, bytes) === true)
    return "the provider refuses this plane's key";
  return key !== undefined && bytes.includes(key)
    ? "the provider tells this plane's key in an answer, which is kept back"
    : undefined;
}
