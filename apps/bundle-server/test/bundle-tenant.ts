import { request } from 'undici';
import { eventually } from '@behavry/testing';
import { BundleMetrics } from '../src/serve/bundle-metrics';
import { startBundleSystem, type BundleSystem } from './bundle-system';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** A running system with one tenant that has one token, and the ways to ask for what is the tenant's. */
export interface BundleTenant {
  readonly system: BundleSystem;
  readonly tenant: string;
  readonly token: string;
  readonly tokenId: string;
  readonly get: (
    path: string,
    headers?: Record<string, string>,
    method?: 'GET' | 'HEAD',
    signal?: AbortSignal,
  ) => Promise<Answer>;
  readonly bundlePath: (id?: string) => string;
  readonly bearer: (shown?: string) => Record<string, string>;
  /** Polls until the document is newer than a revision. */
  readonly newerThan: (revision: string | undefined, query?: string) => Promise<Answer>;
  /** How many polls the server holds. */
  readonly waiters: () => Promise<number>;
}

/** Starts everything for the tests of the file it is called in. @returns what each test reads, once it runs */
export function bundleTenant(): BundleTenant {
  let system: BundleSystem;
  let tenant: string;
  let token: string;
  let tokenId: string;

  const get: BundleTenant['get'] = async (path, headers = {}, method = 'GET', signal) => {
    const answer = await request(`${system.url}${path}`, { method, headers, ...(signal ? { signal } : {}) });
    return {
      status: answer.statusCode,
      headers: answer.headers as Record<string, string | undefined>,
      body: Buffer.from(await answer.body.arrayBuffer()),
    };
  };
  const bundlePath = (id = tenant): string => `/api/v1/opa/bundle/${id}`;
  const bearer = (shown = token): Record<string, string> => ({ authorization: `Bearer ${shown}` });
  const newerThan: BundleTenant['newerThan'] = (revision, query = '') =>
    eventually(async () => {
      const answer = await get(bundlePath() + query, bearer());
      if (answer.status !== 200 || answer.headers['x-bundle-revision'] === revision)
        throw new Error('not yet');
      return answer;
    });

  beforeAll(async () => {
    system = await startBundleSystem();
    tenant = await system.addTenant();
    ({ id: tokenId, token } = await system.addToken(tenant));
    await newerThan(undefined);
  }, 120_000);

  afterAll(() => system.stop());

  return {
    get system() {
      return system;
    },
    get tenant() {
      return tenant;
    },
    get token() {
      return token;
    },
    get tokenId() {
      return tokenId;
    },
    get,
    bundlePath,
    bearer,
    newerThan,
    waiters: async () => (await system.app.get(BundleMetrics).waiters.get()).values[0]?.value ?? 0,
  };
}

/** A policy that allows one tool. */
export const policy = (name: string, tool: string): string =>
  `package behavry.base.${name}\n\nallow contains {"policy": "${name}", "reason": "fine"} if input.request.tool_name == "${tool}"\n`;
