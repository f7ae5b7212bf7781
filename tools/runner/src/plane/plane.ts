import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { appsOf, mayHaveReplicas, type AppName, type Mode } from '@behavry/contracts';
import {
  canConnectTcp,
  ComponentError,
  mcpEverything,
  modelServer,
  OpaComponent,
  SupervisedProcess,
  type ProcessEvents,
} from '@behavry/components';
import type { PlanePorts } from '../runner/ports';
import { authoringSocket, envOf, planeEnv } from './app-env';
import { DecidingOpa } from './deciding-opa';
import { migrate } from './migrate';
import { PlaneComponents, type ComponentAddresses } from './plane-components';
import { stdioHost } from './stdio-host';
import { logFile, planeFolder, planeUrl, type PlaneSettings } from './plane-settings';

/** Threads that collect garbage and compile: Node takes four, which keep its own event loop waiting where cores are few. */
const NODE_POOL = `--v8-pool-size=${Math.min(4, Math.max(1, availableParallelism() - 1))}`;
const APP_START_MS = 90_000;
/** Apps get this long to finish what they have in hand; all of a stop stays below 15 s. */
const APP_STOP_MS = 7_500;
const OTHERS_STOP_MS = 2_000;
/** Longer than stdio-host gives its servers. */
const STDIO_STOP_MS = 4_000;

/** One plane on this machine: its components, its apps, its OPA, its edge, in the order they need each other. */
export class Plane {
  readonly #components: PlaneComponents;
  readonly #events: ProcessEvents;
  readonly #ports = new Map<string, { port: number | null; ops_port: number | null }>();
  #edge: SupervisedProcess | undefined;
  #apps: SupervisedProcess[] = [];
  #upstreams: SupervisedProcess[] = [];
  #stdioHost: SupervisedProcess | undefined;
  #authoring: OpaComponent | undefined;
  #deciding: DecidingOpa | undefined;
  #isStopping = false;
  addresses: ComponentAddresses | undefined;

  constructor(readonly settings: PlaneSettings) {
    const { name, say, onProcess } = settings;
    this.#events = {
      onStarted: (app, pid) => {
        const known = this.#ports.get(app) ?? { port: this.#components.portOf(app), ops_port: null };
        onProcess({ app, plane: name, pid, ...known });
      },
      onRestart: (app, why, delayMs) =>
        say(`${name}: ${app} ${why}; starting it again in ${delayMs / 1000} s`),
    };
    this.#components = new PlaneComponents(settings, this.#events);
  }

  get url(): string {
    return planeUrl(this.settings);
  }

  /** The ports that must be free before a plane can start. */
  static portsOf(mode: Mode, ports: PlanePorts, hasDemo: boolean, replicas: number): number[] {
    const apps = appsOf(mode).flatMap(({ name }) =>
      replicasOf(name, mode, replicas).flatMap((replica) => [
        ports.app(name, replica),
        ports.ops(name, replica),
      ]),
    );
    const upstreams = hasDemo && mode !== 'control-plane' ? [ports.everything, ports.model] : [];
    return [ports.edge, ...apps, ...upstreams];
  }

  /**
   * Starts everything; returns when every process answers, which is before the plane is ready.
   * @param onFailure told when something fails later that cannot be started again
   * @throws ComponentError with what to do; the caller stops what was started
   */
  async start(isReset: boolean, onFailure: (error: unknown) => void): Promise<void> {
    const { settings } = this;
    mkdirSync(planeFolder(settings), { recursive: true, mode: 0o755 });
    const upstreams = this.#startUpstreams();
    this.addresses = await this.#components.start(isReset);
    this.#checkNotStopping();
    const env = planeEnv(settings, this.addresses);
    settings.say(`${settings.name}: database is up, migrating`);
    await migrate(settings, this.addresses, envOf('identity-jwks', env), this.#mainOf('identity-jwks'));
    this.#checkNotStopping();
    settings.say(`${settings.name}: starting ${this.#appNames().length} apps`);
    await Promise.all([
      upstreams,
      this.#startStdioHost(),
      this.#startOpas(onFailure),
      this.#startApps(env),
      this.#startEdge(env),
    ]);
  }

  /** Asks everything to end, edge first, data last. Safe at any time, also when the start failed half-way. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#edge?.stop(OTHERS_STOP_MS);
    await Promise.all(this.#apps.map((app) => app.stop(APP_STOP_MS)));
    await Promise.all([
      this.#deciding?.stop(),
      this.#authoring?.stop(),
      this.#stdioHost?.stop(STDIO_STOP_MS),
      ...this.#upstreams.map((upstream) => upstream.stop(OTHERS_STOP_MS)),
    ]);
    await this.#components.stop();
  }

  /** @returns undefined when the whole plane is ready, else why it is not */
  async notReadyBecause(): Promise<string | undefined> {
    try {
      const { statusCode, body } = await request(`${this.url}/health/ready`, {
        signal: AbortSignal.timeout(5_000),
      });
      const answer = (await body.json()) as {
        detail?: string;
        errors?: { field: AppName; message: string }[];
      };
      if (statusCode === 200) return undefined;
      const started = this.#appNames();
      // Without identity-jwks nobody knows of the plane as a whole.
      if (!started.includes('identity-jwks')) return undefined;
      if (!answer.errors) return answer.detail ?? 'the plane does not say how it is';
      const faults = answer.errors.filter(({ field }) => started.includes(field));
      return faults.map(({ field, message }) => `${field}: ${message}`).join(' · ') || undefined;
    } catch {
      return 'the edge does not answer';
    }
  }

  #checkNotStopping(): void {
    if (this.#isStopping) throw new Error(`${this.settings.name}: the start was cut short`);
  }

  #appNames(): AppName[] {
    const only = process.env['BEHAVRY_RUNNER_ONLY']?.split(',');
    return appsOf(this.settings.mode)
      .map(({ name }) => name)
      .filter((name) => !only || only.includes(name));
  }

  #mainOf(app: AppName): string {
    const main = join(this.settings.root, 'dist', 'apps', app, 'main.js');
    if (existsSync(main)) return main;
    throw new ComponentError(
      app,
      `${app} is not built (${main} is missing). BEHAVRY_RUNNER_ONLY=app,app starts only some apps.`,
    );
  }

  async #startApps(env: Readonly<Record<string, string>>): Promise<void> {
    const { settings } = this;
    const { ports, mode, replicas } = settings;
    this.#apps = this.#appNames().flatMap((app) =>
      replicasOf(app, mode, replicas).map((replica) => {
        const port = ports.app(app, replica);
        const name = replica === 1 ? app : `${app}.${replica}`;
        this.#ports.set(name, { port, ops_port: port + 1 });
        return this.#process(
          name,
          this.#mainOf(app),
          {
            ...envOf(app, env),
            BEHAVRY_PORT: String(port),
            BEHAVRY_ESCALATION_OPS_URL: `http://127.0.0.1:${ports.ops('escalation-worker', replica)}`,
          },
          () => isLive(port + 1),
        );
      }),
    );
    await Promise.all(this.#apps.map((app) => app.start()));
  }

  async #startEdge(env: Readonly<Record<string, string>>): Promise<void> {
    const { root, ports } = this.settings;
    this.#ports.set('edge', { port: ports.edge, ops_port: null });
    this.#edge = this.#process(
      'edge',
      join(root, 'dist', 'tools', 'runner', 'edge.js'),
      envOf('edge', env),
      () => canConnectTcp(ports.edge),
    );
    await this.#edge.start();
  }

  #process(
    name: string,
    main: string,
    env: Readonly<Record<string, string>>,
    isReady: () => Promise<boolean>,
  ): SupervisedProcess {
    const { settings } = this;
    return new SupervisedProcess(
      {
        name,
        command: process.execPath,
        args: [NODE_POOL, main],
        env,
        cwd: planeFolder(settings),
        logFile: logFile(settings, name),
        isReady,
        readyTimeoutMs: APP_START_MS,
      },
      settings.ledger,
      this.#events,
    );
  }

  async #startOpas(onFailure: (error: unknown) => void): Promise<void> {
    const { settings } = this;
    if (settings.mode === 'control-plane') {
      this.#authoring = new OpaComponent({
        name: 'opa',
        command: settings.opaCommand,
        socket: authoringSocket(settings),
        paths: [join(settings.root, 'policies')],
        logFile: logFile(settings, 'opa'),
        ledger: settings.ledger,
        events: this.#events,
      });
      await this.#authoring.start();
    } else if (!process.env['BEHAVRY_OPA_URL'] && !process.env['BEHAVRY_OPA_SOCKET']) {
      this.#deciding = new DecidingOpa(settings, this.#events);
      this.#deciding.watch(onFailure);
    }
  }

  async #startStdioHost(): Promise<void> {
    if (!this.#appNames().includes('mcp-proxy')) return;
    this.#ports.set('stdio-host', { port: null, ops_port: null });
    this.#stdioHost = stdioHost(this.settings, this.#events);
    await this.#stdioHost.start();
  }

  async #startUpstreams(): Promise<void> {
    const { root, ports, ledger, hasDemoUpstreams } = this.settings;
    if (!hasDemoUpstreams) return;
    const common = { root, ledger, events: this.#events };
    this.#ports.set('mcp-everything', { port: ports.everything, ops_port: null });
    this.#ports.set('model-server', { port: ports.model, ops_port: null });
    this.#upstreams = [
      mcpEverything({ ...common, port: ports.everything, logFile: logFile(this.settings, 'mcp-everything') }),
      modelServer({
        ...common,
        port: ports.model,
        answers: join(root, 'tools/runner/demo/model-answers.json'),
        logFile: logFile(this.settings, 'model-server'),
      }),
    ];
    await Promise.all(this.#upstreams.map((upstream) => upstream.start()));
  }
}

/** @returns the numbers of an app's processes */
function replicasOf(app: AppName, mode: Mode, wanted: number): number[] {
  return Array.from({ length: mayHaveReplicas(app, mode) ? wanted : 1 }, (_, index) => index + 1);
}

async function isLive(port: number): Promise<boolean> {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}/health/live`, {
    signal: AbortSignal.timeout(2_000),
  });
  await body.dump();
  return statusCode === 200;
}
