import type { IncomingHttpHeaders } from 'node:http';
import { bearerOf } from '@behavry/platform';
import { TOKEN_HEADER, type Provider } from '../domain/provider';

/** @returns the agent's token: from `Authorization`, else from where the provider's SDK puts its key */
export function tokenOf(provider: Provider, headers: IncomingHttpHeaders): string | undefined {
  const bearer = bearerOf(headers.authorization);
  if (bearer !== undefined) return bearer;
  const name = TOKEN_HEADER[provider];
  const value = name === undefined ? undefined : headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
