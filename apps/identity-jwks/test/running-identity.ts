import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { request } from 'undici';
import {
  createLogger,
  createService,
  PlaneKeys,
  PlaneState,
  ServiceContext,
  type Clock,
} from '@behavry/platform';
import { tempDir } from '@behavry/testing';
import { appModule } from '../src/app.module';
import { IdentityConfig } from '../src/identity-jwks.config';
import { migrate } from '../src/seed/migrate';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The parsed body; tests assert what they read of it. */
  readonly json: Record<string, never>;
}

export interface CallOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly form?: string;
  readonly address?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One running identity-jwks, migrated and seeded, on a database of its own. */
export interface RunningIdentity {
  readonly url: string;
  readonly state: PlaneState;
  readonly app: NestFastifyApplication;
  readonly context: ServiceContext<IdentityConfig>;
  call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, options?: CallOptions): Promise<Answer>;
  stop(): Promise<void>;
}

/** Migrates, seeds and starts the app as its own process would, in this one. */
export async function startIdentity(
  dbUrl: string,
  settings: Partial<IdentityConfig>,
  clock: Clock,
  folder = tempDir(),
): Promise<RunningIdentity> {
  const config = Object.assign(new IdentityConfig(), {
    dbUrl,
    dataDir: folder,
    secretsDir: join(folder, 'secrets'),
    adminPassword: 'correct horse',
    logLevel: 'silent',
    ...settings,
  });
  const keys = PlaneKeys.readOrMake(join(config.secretsDir, 'plane.key'));
  const log = createLogger('identity-jwks', 'silent', {});
  await migrate({ config, keys, log });
  const context = new ServiceContext('identity-jwks', '0.0.0', config, keys, log, clock);
  const app = await createService(
    { app: 'identity-jwks', config: IdentityConfig, module: appModule },
    context,
  );
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    url,
    context,
    state: app.get(PlaneState),
    app,
    async call(method, path, { token, body, form, address, headers } = {}) {
      const answer = await request(`${url}${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          ...(address === undefined ? {} : { 'x-forwarded-for': address }),
          ...headers,
        },
        body: form ?? (body === undefined ? null : JSON.stringify(body)),
      });
      const text = await answer.body.text();
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text,
        json: (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, never>,
      };
    },
    async stop() {
      await app.close();
      await context.close();
    },
  };
}
