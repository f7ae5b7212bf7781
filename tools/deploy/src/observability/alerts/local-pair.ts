import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePortBlock, waitUntil } from '@behavry/components';
import type { Target } from './local-prometheus';

interface RunFile {
  readonly planes: { readonly data: { readonly url: string } };
  readonly demo: { readonly agent: { readonly client_id: string; readonly client_secret: string } };
  readonly processes: readonly {
    readonly app: string;
    readonly plane: string;
    readonly pid: number;
    readonly ops_port: number | null;
  }[];
}

const START_MS = 600_000;
/** Between two calls of the agent. */
const CALL_EVERY_MS = 250;

/** Two planes as `npm start -- --mode pair` starts them, with an agent that calls a model all the time. */
export class LocalPair {
  #calling: NodeJS.Timeout | undefined;

  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  /** @throws Error when it does not get ready; its log is in the folder then */
  static async start(root: string, folder: string): Promise<LocalPair> {
    const log = openSync(join(folder, 'start.log'), 'a');
    const port = await freePortBlock(160);
    const child = spawn(
      process.execPath,
      [
        join(root, 'tools/bin/start.mjs'),
        ...['--mode', 'pair', '--port', String(port), '--data-dir', join(folder, 'run')],
      ],
      {
        cwd: root,
        env: { ...process.env, BEHAVRY_HEARTBEAT_INTERVAL: '5' },
        stdio: ['ignore', log, log],
      },
    );
    const pair = new LocalPair(child, folder);
    const isReady = await waitUntil(
      () => child.exitCode !== null || /^READY /m.test(readFileSync(join(folder, 'start.log'), 'utf8')),
      { timeoutMs: START_MS, everyMs: 500 },
    );
    if (isReady && child.exitCode === null) return pair;
    await pair.stop();
    throw new Error(`the pair did not get ready; see ${join(folder, 'start.log')}`);
  }

  get targets(): readonly Target[] {
    return this.#run().processes.flatMap(({ app, plane, ops_port: port }) =>
      port === null ? [] : [{ address: `127.0.0.1:${String(port)}`, app, plane }],
    );
  }

  /**
   * Stops a process as one that hangs: it is there and answers nothing.
   * @returns lets it go on
   */
  freeze(plane: string, app: string): () => void {
    const found = this.#run().processes.find((each) => each.app === app && each.plane === plane);
    if (!found) throw new Error(`${app} does not run on the ${plane} plane`);
    process.kill(found.pid, 'SIGSTOP');
    return () => process.kill(found.pid, 'SIGCONT');
  }

  /** Lets the demo's agent call its model from now on, whatever comes back. */
  async call(): Promise<void> {
    const { planes, demo } = this.#run();
    const { url } = planes.data;
    const answer = await fetch(`${url}/api/v1/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ grant_type: 'client_credentials', ...demo.agent }),
    });
    const { access_token: token } = (await answer.json()) as { access_token?: string };
    if (token === undefined) throw new Error(`the agent got no token (status ${String(answer.status)})`);
    const once = (): void =>
      void fetch(`${url}/api/v1/openai/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: '{"model":"demo-model","messages":[{"role":"user","content":"hello"}]}',
      })
        .then((reply) => reply.text())
        .catch(() => undefined);
    this.#calling = setInterval(once, CALL_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#calling);
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await ended;
  }

  #run(): RunFile {
    return JSON.parse(readFileSync(join(this.folder, 'run', 'run.json'), 'utf8')) as RunFile;
  }
}
