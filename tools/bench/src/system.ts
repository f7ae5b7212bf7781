import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessGroup } from './process-figures';

interface RunFile {
  readonly tenant_id: string;
  readonly planes: {
    readonly data: { readonly url: string; readonly admin: { username: string; password: string } };
  };
  readonly processes: readonly {
    readonly app: string;
    readonly pid: number;
    readonly port: number | null;
    readonly ops_port: number | null;
  }[];
}

/** An agent of the measured tenant. */
export interface BenchAgent {
  readonly id: string;
  readonly token: string;
}

/** A running standalone system, through its own API. */
export class BenchSystem {
  #token = '';

  private constructor(
    readonly process: ChildProcess,
    private readonly dataDir: string,
  ) {}

  /**
   * Starts one without demo content.
   * @param node the Node that runs it
   * @param env further variables of its apps
   */
  static async start(
    root: string,
    {
      node,
      port,
      dataDir,
      env,
    }: { node: string; port: number; dataDir: string; env: Record<string, string> },
  ): Promise<BenchSystem> {
    const child = spawn(
      node,
      [
        join(root, 'tools/bin/start.mjs'),
        '--no-demo',
        '--port',
        String(port),
        '--data-dir',
        dataDir,
        '--reset',
      ],
      { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } },
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
    const system = new BenchSystem(child, dataDir);
    await system.signIn();
    return system;
  }

  /** What runs now: a process may have been started again. */
  get run(): RunFile {
    return JSON.parse(readFileSync(join(this.dataDir, 'run.json'), 'utf8')) as RunFile;
  }

  /** Signs the administrator in anew: a run may last longer than a token. */
  async signIn(): Promise<void> {
    this.#token = '';
    const { admin } = this.run.planes.data;
    const path = '/api/v1/auth/admin/login';
    this.#token = (await this.api<{ access_token: string }>('POST', path, admin)).access_token;
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

  /** Enrols an agent. @returns its id, and a token that it has just taken */
  async agent(name: string): Promise<BenchAgent> {
    const { token } = await this.api<{ token: string }>('POST', '/api/v1/enrollment/tokens', { label: name });
    const agent = await this.api<{ agent_id: string; client_id: string; client_secret: string }>(
      'POST',
      '/api/v1/enroll',
      { token, name },
    );
    const { client_id, client_secret } = agent;
    const { access_token: accessToken } = await this.api<{ access_token: string }>(
      'POST',
      '/api/v1/auth/token',
      {
        grant_type: 'client_credentials',
        client_id,
        client_secret,
      },
    );
    return { id: agent.agent_id, token: accessToken };
  }

  /**
   * Sets the limits that the tenant knows of; null is none.
   * @param limits by name as `GET /api/v1/rate-limits` gives them; all others are lifted
   */
  async limit(limits: Readonly<Record<string, number>> = {}): Promise<void> {
    const known = await this.api<Record<string, unknown>>('GET', '/api/v1/rate-limits');
    const names = Object.keys(known).filter((name) => /_per_minute$|_concurrency$/u.test(name));
    const wanted = Object.fromEntries(names.map((name) => [name, limits[name] ?? null]));
    await this.api('PUT', '/api/v1/rate-limits', wanted);
  }

  /** Saves a policy of the category `base` and puts it in force. @returns its id */
  async activate(name: string, content: string): Promise<string> {
    const policy = { name, description: 'measured', category: 'base', content };
    const { id } = await this.api<{ id: string }>('POST', '/api/v1/policies', policy);
    await this.api('POST', `/api/v1/policies/${id}/activate`, {});
    return id;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await ended;
  }
}
