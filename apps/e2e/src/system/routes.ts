import { ROUTE_TABLE, type Mode } from '@behavry/contracts';
import { request } from './person';

export interface RouteProbe {
  readonly prefix: string;
  readonly isActive: boolean;
  readonly status: number;
  readonly code: string;
}

/** Asks an edge for one path of every prefix of the route table, as a stranger. */
export async function probeRoutes(url: string, mode: Mode): Promise<readonly RouteProbe[]> {
  return Promise.all(
    ROUTE_TABLE.flatMap(({ prefixes, modes }) =>
      prefixes.map(async (prefix): Promise<RouteProbe> => {
        const { status, body } = await request<{ code?: string }>('GET', `${url}${prefix}`);
        return {
          prefix,
          isActive: modes.includes(mode),
          status,
          code: typeof body === 'object' ? (body.code ?? '') : '',
        };
      }),
    ),
  );
}

/** @returns probes that did not behave as the contract's table says */
export function wrongRoutes(probes: readonly RouteProbe[]): readonly RouteProbe[] {
  return probes.filter(({ isActive, status, code }) =>
    isActive ? code === 'route_not_in_mode' || status >= 500 : status !== 404 || code !== 'route_not_in_mode',
  );
}
