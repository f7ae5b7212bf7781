import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessGroup } from './process-figures';

interface RunFile {
  readonly planes: {
    readonly data: { readonly url: string; readonly admin: { username: string; password: string } };
  };
  readonly processes: readonly { readonly app: string; readonly pid: number; readonly port?: number }[];
}

/** A running standalone system, through its own API. */
export class BenchSystem {
  #token = '';

  private constructor(
    readonly process: ChildProcess,
    readonly run: RunFile,
  ) {}

  static async start(root: string, port: number, dataDir: string): Promise<BenchSystem> {
    const child = spawn(
      process.execPath,
      [
        join(root, 'tools/bin/start.mjs'),
        '--no-demo',
        '--port',
        String(port),
        '--data-dir',
        dataDir,
        '--reset',
      ],
      { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
        if (/^READY /m.test(said)) resolve();
      });
      child.once('exit', (code) => {
        reject(new Error(`the system ended with ${code}:\n${said.slice(-2000)}`));
      });
    });
    const system = new BenchSystem(
      child,
      JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as RunFile,
    );
    const { admin } = system.run.planes.data;
    system.#token = (
      await system.api<{ access_token: string }>('POST', '/api/v1/auth/admin/login', admin)
    ).access_token;
    return system;
  }

  get url(): string {
    return this.run.planes.data.url;
  }

  portOf(app: string): number {
    return this.run.processes.find((each) => each.app === app)?.port ?? 0;
  }

  /** All processes by name; the edge is one of them. */
  get groups(): readonly ProcessGroup[] {
    return this.run.processes.map(({ app, pid }) => ({ name: app, pids: [pid] }));
  }

  async api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 500)}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** @returns a token of a new agent */
  async agentToken(name: string): Promise<string> {
    const { token } = await this.api<{ token: string }>('POST', '/api/v1/enrollment/tokens', { label: name });
    const agent = await this.api<{ client_id: string; client_secret: string }>('POST', '/api/v1/enroll', {
      token,
      name,
    });
    const { access_token: accessToken } = await this.api<{ access_token: string }>(
      'POST',
      '/api/v1/auth/token',
      {
        grant_type: 'client_credentials',
        client_id: agent.client_id,
        client_secret: agent.client_secret,
      },
    );
    return accessToken;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await ended;
  }
}
