import type { Provider } from '../domain/provider';

/** Under this and a provider's name lie the routes of this app. */
export const PREFIX = '/api/v1/';

/** @returns the path behind the provider's prefix, as sent and without query; `/` for the prefix itself */
export function pathOf(provider: Provider, url: string): string {
  const query = url.indexOf('?');
  const path = (query < 0 ? url : url.slice(0, query)).slice(PREFIX.length + provider.length);
  return path === '' ? '/' : path;
}
