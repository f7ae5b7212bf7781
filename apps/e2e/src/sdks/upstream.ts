import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cleanEnv } from '@behavry/components';
import { request } from '../system/person';
import { SDKS_FOLDER } from './install';

/** What the providers were sent. */
export interface SeenRequest {
  readonly provider: string;
  readonly path: string;
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What an SDK and a provider said to each other. */
export interface SaidBothWays {
  readonly provider: string;
  readonly request: {
    readonly method: string;
    /** With its query. */
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly text: string;
  };
  readonly answer: { readonly status: number; readonly type: string; readonly text: string };
}

/** The process that stands in for all providers. */
export interface Upstream {
  readonly url: string;
  seen(): Promise<readonly SeenRequest[]>;
  /** @returns those that ended and are not long, in the order in which they ended */
  exchanges(): Promise<readonly SaidBothWays[]>;
  stop(): Promise<void>;
}

export async function startUpstream(): Promise<Upstream> {
  const child = spawn(process.execPath, [join(SDKS_FOLDER, 'upstream', 'main.mjs')], {
    cwd: SDKS_FOLDER,
    env: cleanEnv(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const [url] = (await Promise.race([once(lines, 'line'), ended])) as [unknown];
  if (typeof url !== 'string') throw new Error('the providers did not start; their own message is above');
  return {
    url,
    exchanges: async () => (await request<SaidBothWays[]>('GET', `${url}/exchanges`)).body,
    seen: async () => (await request<SeenRequest[]>('GET', `${url}/seen`)).body,
    async stop() {
      child.kill();
      await ended;
    },
  };
}
