import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { waitUntil } from '@behavry/components';
import { appsOf, mayHaveReplicas } from '@behavry/contracts';
import { ApiError, PlaneClient } from '@behavry/runner';
import type { ComposePair } from '../compose/pair';
import type { ComposeProject } from '../compose/project';
import type { Engine } from '../engine/engine';
import { OperatorScripts, type ScriptedPlane, type SplitPlane } from './scripts';

const PLANES: readonly SplitPlane[] = ['control-plane', 'data-plane'];
/** Another replica takes what a silent one left after thirty seconds. */
const TAKEN_OVER_MS = 35_000;

export interface LiveOptions {
  readonly root: string;
  readonly dataDir: string;
  /** Begin of the two compose projects' names. */
  readonly name: string;
  readonly pair: ComposePair;
  /** First of the six ports of the pair. */
  readonly port: number;
}

/** The operations of the runbooks on a running pair; each returns what it saw, and fails unless that is as promised. */
export class LivePlanes {
  readonly pair: ComposePair;
  readonly #scripts: OperatorScripts;
  readonly #passwords = new Map<'control' | 'data', string>();

  constructor(
    private readonly engine: Engine,
    private readonly options: LiveOptions,
  ) {
    this.pair = options.pair;
    this.#scripts = new OperatorScripts(engine, options.root);
  }

  /** Signs in as the administrator, with the password that holds now. */
  signIn(plane: 'control' | 'data'): Promise<PlaneClient> {
    const { controlUrl, dataUrl } = this.pair;
    const password = this.#passwords.get(plane);
    return password === undefined
      ? this.pair.signIn(plane)
      : PlaneClient.signIn(plane === 'control' ? controlUrl : dataUrl, 'admin', password);
  }

  async backup(): Promise<string> {
    for (const plane of PLANES)
      await this.#run(plane, 'backup', [join(this.options.dataDir, 'backup', plane)]);
    return 'two folders';
  }

  async scale(): Promise<string> {
    for (const plane of PLANES) await this.#run(plane, 'scale', ['2']);
    const seen: string[] = [];
    for (const plane of PLANES)
      for (const { name } of appsOf(plane)) {
        const count = (await this.#project(plane).containers(name)).length;
        const wanted = mayHaveReplicas(name, plane) ? 2 : 1;
        if (count !== wanted) throw new Error(`${name} of the ${plane} has ${count} replicas, not ${wanted}`);
        seen.push(`${count} ${name}`);
      }
    return seen.join(', ');
  }

  async killReplica(): Promise<string> {
    const [id = ''] = await this.pair.data.containers('mcp-proxy');
    await this.engine.run(['kill', id]);
    await delay(TAKEN_OVER_MS);
    await this.engine.run(['start', id]);
    return `killed and started again ${TAKEN_OVER_MS / 1000} s later`;
  }

  async rotateBoth(what: string): Promise<string> {
    for (const plane of PLANES) await this.#run(plane, 'rotate', [what]);
    return 'on both planes';
  }

  async rotateCertificates(): Promise<string> {
    const port = this.options.port + 5;
    const before = await served(port);
    await this.rotateBoth('tls');
    await waitUntil(async () => (await served(port)) !== before, { timeoutMs: 10_000, everyMs: 200 });
    const after = await served(port);
    if (after === before) throw new Error('the edge still serves the old certificate');
    return 'the edge serves another one';
  }

  async rotateToken(): Promise<string> {
    const path = '/api/v1/admin/data-plane-tokens';
    const control = await this.signIn('control');
    const { tokens } = await control.call<{ tokens: readonly { id: string; revoked_at: string | null }[] }>(
      'GET',
      path,
    );
    const old = tokens.find(({ revoked_at: revoked }) => revoked === null);
    if (!old) throw new Error('the control plane knows no token');
    const { token } = await control.call<{ token: string }>('POST', `${path}/${old.id}/rotate`, {
      overlap_seconds: 3_600,
    });
    await this.#run('data-plane', 'rotate', ['data-plane-token'], token);
    await this.#isReady();
    await control.call('DELETE', `${path}/${old.id}`);
    await delay(12_000);
    await this.#isReady();
    const data = await this.signIn('data');
    const own = await data.call<{ tokens: readonly { prefix: string; state: string }[] }>('GET', path);
    if (own.tokens[0]?.prefix !== token.slice(0, 8))
      throw new Error('the data plane has the old token still');
    return `ready two heartbeats after the old one was revoked, token ${own.tokens[0].state}`;
  }

  async rotateProviderKey(): Promise<string> {
    const key = `sk-demo-${randomBytes(6).toString('hex')}`;
    await this.#run('data-plane', 'rotate', ['provider-key'], key);
    const print = 'process.stdout.write(process.env.BEHAVRY_SECRET_OPENAI_KEY)';
    const seen = await this.pair.data.run(['exec', '-T', 'llm-proxy', 'node', '-e', print]);
    if (!seen.includes(key)) throw new Error('llm-proxy has the old key still');
    return 'llm-proxy has the new one';
  }

  async rotatePasswords(): Promise<string> {
    for (const plane of ['control', 'data'] as const) {
      const password = randomBytes(18).toString('base64url');
      await this.#run(`${plane}-plane`, 'rotate', ['admin-password'], password);
      this.#passwords.set(plane, password);
      await this.signIn(plane);
      const isRefused = await this.pair.signIn(plane).then(
        () => false,
        (error: unknown) => error instanceof ApiError && error.status === 401,
      );
      if (!isRefused) throw new Error(`the ${plane} plane still takes the old password`);
    }
    return 'the old ones are refused';
  }

  /** @param version tag of images that are on this machine */
  async upgrade(version: string): Promise<string> {
    for (const plane of PLANES) {
      await this.#run(plane, 'upgrade', [version, join(this.options.dataDir, 'before-upgrade', plane)]);
      for (const { name } of appsOf(plane))
        for (const id of await this.#project(plane).containers(name)) {
          const image = (await this.engine.run(['inspect', '--format', '{{.Config.Image}}', id])).trim();
          if (!image.endsWith(`:${version}`)) throw new Error(`a container of ${name} runs ${image}`);
        }
    }
    await this.#isReady();
    return `both run ${version}`;
  }

  async #isReady(): Promise<void> {
    let said = '';
    const isReady = await waitUntil(
      async () => {
        const answer = await fetch(`${this.pair.dataUrl}/health/ready`).catch(() => undefined);
        said = answer ? await answer.text() : 'no answer';
        return answer?.status === 200;
      },
      { timeoutMs: 60_000, everyMs: 500 },
    );
    if (!isReady) throw new Error(`the data plane is not ready: ${said}`);
  }

  #run(plane: SplitPlane, script: string, args: readonly string[], input?: string): Promise<string> {
    const { name, dataDir } = this.options;
    const on: ScriptedPlane = {
      plane,
      project: `${name}-${plane}`,
      envFile: join(dataDir, `${plane}.env`),
      profiles: plane === 'data-plane' ? ['demo'] : [],
    };
    return this.#scripts.run(on, script, args, input);
  }

  #project(plane: SplitPlane): ComposeProject {
    return plane === 'control-plane' ? this.pair.control : this.pair.data;
  }
}

/** @returns fingerprint of the certificate that a port of this machine serves */
function served(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    // Which one it is, not whom it names: nothing is sent.
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
